# SPDX-License-Identifier: GPL-2.0-only
"""Corrects two faults of QEMU's emulation of AMD's virtualization, in a copy of the program.

usage: lab/correct.py QEMU COPY

The first. When KVM in the lab hands an interrupt to a guest (VMRUN with an event of type INTR), QEMU 7.2 to 10 and later note its
vector in the emulated processor's `exception_index`, deliver the interrupt, and leave the number there. If the emulator has
to leave its loop before the guest exits or is interrupted, because a timer is due or another thread asks for it, it takes that
number for an exception that is still to be delivered: the guest gets the interrupt twice, the second time in its own handler
with interrupts off. A handler that holds a lock then waits for itself for ever; others panic. On the instruction clock this
ends a guest after a few hundred to a few thousand packets, whatever serves it.

In source form the correction is one line behind that call of do_interrupt_x86_hardirq() in helper_vmrun(): set
exception_index to -1 again, which it is before. In the program it is one instruction less: the one that stores the vector.
Nothing else reads the number on that path, but for a message of `-d in_asm`. The place is found by what is there, not by its
number: inside helper_vmrun(), close before the call of do_interrupt_x86_hardirq(), the only store of a register below the
address that the other stores there use (CPUState lies below CPUX86State).

The second. While an exception is delivered in a guest QEMU notes it in the control block, as an event that KVM might have
injected, and takes back its valid bit at the end, but not its type. At the next exit the field says what was under delivery: no
event, of type exception. KVM of Linux 6.1 and 6.12 goes on; that of 7.3 ends the guest with an internal error (suberror 3,
an exit while an event is delivered) where the exit is a write to a device. In the program the correction is the mask of one
instruction: do_interrupt_all() takes back all bits instead of the highest one.

Where there is not exactly one such place each, nothing is changed and this ends with 77.
"""
import mmap
import os
import re
import struct
import sys

FUNCTION, CALLED = b"helper_vmrun", b"do_interrupt_x86_hardirq"
DELIVERS = b"do_interrupt_all"
# mov %register, displacement(%base) with 32 bits of each; the displacement follows.
STORE = re.compile(rb"\x89[\x80-\xbf](....)", re.DOTALL)
NOTHING = bytes.fromhex("660f1f440000")  # an instruction of six bytes that does nothing
BEFORE = 80  # bytes before the call in which the store is
# and $0x7fffffff, %register: all but the highest of 32 bits
MASK = re.compile(rb"\x81[\xe0-\xe7](\xff\xff\xff\x7f)")


def fail(code: int, text: str) -> None:
    """One line, and the end."""
    print(f"vhostlab: lab/correct.py: {text}", file=sys.stderr)
    sys.exit(code)


def symbols(image: mmap.mmap) -> dict[bytes, tuple[int, int]]:
    """Address and size of the dynamic symbols that are looked for."""
    table, count, size = (struct.unpack_from(form, image, at)[0]
                          for form, at in (("<Q", 40), ("<H", 60), ("<H", 58)))
    sections = [struct.unpack_from("<IIQQQQIIQQ", image, table + i * size) for i in range(count)]
    found = {}
    for section in sections:
        if section[1] != 11:  # the dynamic symbols
            continue
        names = sections[section[6]][4]
        for at in range(section[4], section[4] + section[5], 24):
            name, _, _, _, value, length = struct.unpack_from("<IBBHQQ", image, at)
            end = image.find(b"\0", names + name)
            if image[names + name:end] in (FUNCTION, CALLED, DELIVERS):
                found[image[names + name:end]] = (value, length)
    return found


def file_offset(image: mmap.mmap, address: int) -> int:
    """Where in the file an address of the program is."""
    table, size, count = (struct.unpack_from(form, image, at)[0]
                          for form, at in (("<Q", 32), ("<H", 54), ("<H", 56)))
    for i in range(count):
        kind, _, offset, start, _, length, _, _ = struct.unpack_from("<IIQQQQQQ", image,
                                                                     table + i * size)
        if kind == 1 and start <= address < start + length:
            return offset + address - start
    fail(77, f"address {address:#x} is not in the file: this QEMU stays as it is")
    return 0


def only(places: list[int]) -> int:
    """The one place that was found."""
    if len(places) != 1:
        fail(77, f"{len(places)} places instead of one: this QEMU stays as it is")
    return places[0]


def code_of(image: mmap.mmap, function: tuple[int, int]) -> tuple[int, bytes]:
    """Where in the file a function is, and its instructions."""
    base = file_offset(image, function[0])
    return base, image[base:base + function[1]]


def store(image: mmap.mmap, found: dict[bytes, tuple[int, int]]) -> int:
    """The offset of the store."""
    start, length = found[FUNCTION]
    base, code = code_of(image, found[FUNCTION])
    calls = [at for at in range(length - 4) if code[at] == 0xe8
             and start + at + 5 + struct.unpack_from("<i", code, at + 1)[0] == found[CALLED][0]]
    return only([base + max(0, call - BEFORE) + match.start() for call in calls
                 for match in STORE.finditer(code[max(0, call - BEFORE):call])
                 if struct.unpack("<i", match[1])[0] < 0])


def mask(image: mmap.mmap, found: dict[bytes, tuple[int, int]]) -> int:
    """The offset of the mask."""
    base, code = code_of(image, found[DELIVERS])
    return only([base + match.start(1) for match in MASK.finditer(code)])


def main() -> None:
    """Writes the copy, whole or not at all."""
    if len(sys.argv) != 3:
        fail(2, "two files are needed: usage: lab/correct.py QEMU COPY")
    try:
        with open(sys.argv[1], "rb") as file:
            image = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        if image[:6] != b"\x7fELF\x02\x01":
            fail(77, f"{sys.argv[1]}: not a program for x86-64: this QEMU stays as it is")
        found = symbols(image)
        if len(found) != 3:
            fail(77, "its functions have no names: this QEMU stays as it is")
        copy = bytearray(image)
        for at, new in ((store(image, found), NOTHING), (mask(image, found), bytes(4))):
            copy[at:at + len(new)] = new
        with open(sys.argv[2] + ".new", "wb") as file:
            file.write(copy)
        os.chmod(sys.argv[2] + ".new", 0o755)
        os.rename(sys.argv[2] + ".new", sys.argv[2])
    except (OSError, ValueError, struct.error) as error:
        fail(1, f"{sys.argv[1]}: it cannot be read or copied: {error}")


main()
