// SPDX-License-Identifier: GPL-2.0-only
/*
 * Traffic whose every byte is known: numbered datagrams, or one TCP stream.
 *
 *   stream send    tcp|udp ADDRESS PORT [--size BYTES] [--rate N] [--count N]
 *   stream receive tcp|udp ADDRESS PORT [--hold]
 *
 * The sender sends N pieces of BYTES a second until it has sent COUNT of them
 * or gets SIGTERM. The receiver ends when the stream does (tcp), or on SIGTERM
 * when it has read what waits in its socket (udp). With --hold it reads nothing
 * before that, so that what was received lies in memory, untouched, meanwhile.
 * Each prints one JSON object when it ends.
 *
 * A gap of lost datagrams is located by times in nanoseconds since 1970: when
 * the ones before and behind it were sent (the sender's clock) and received
 * (the receiver's).
 */
#include <arpa/inet.h>
#include <errno.h>
#include <getopt.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define MAX_SIZE 65536
#define NS_PER_S 1000000000ull

/* Room for what arrives while a receiver of datagrams gets no CPU, or does not want any. */
#define SOCKET_BUFFER (16 << 20)

/* How long a sender waits for its peer to listen. */
#define CONNECT_SECONDS 30

struct options {
	bool send, tcp, hold;
	struct sockaddr_in peer;
	size_t size;
	uint64_t rate, count;
};

/* Head of a datagram; words of content follow. */
struct head {
	uint64_t number;
	uint64_t sent_ns;
};

struct arrival {
	uint64_t sent_ns, received_ns; /* received_ns 0: never came */
};

static volatile sig_atomic_t ending;

static void on_signal(int number)
{
	(void)number;
	ending = 1;
}

__attribute__((noreturn)) static void fail(int code, const char *what, const char *where)
{
	fprintf(stderr, "vhostlab: %s: %s: %s\n", what, where,
		errno ? strerror(errno) : "see the head of stream.c");
	exit(code);
}

static uint64_t now_ns(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return t.tv_sec * NS_PER_S + t.tv_nsec;
}

/* The word of content number @i (splitmix64): no two pages look alike. */
static uint64_t word(uint64_t i)
{
	i = (i + 1) * 0x9e3779b97f4a7c15ull;
	i = (i ^ i >> 30) * 0xbf58476d1ce4e5b9ull;
	i = (i ^ i >> 27) * 0x94d049bb133111ebull;
	return i ^ i >> 31;
}

/* Content of datagram @number starts at a word of its own. */
static uint64_t first_word(uint64_t number)
{
	return number * (MAX_SIZE / sizeof(uint64_t));
}

/* Byte @at of the content that starts at word @start. */
static uint8_t byte_at(uint64_t start, uint64_t at)
{
	return word(start + at / 8) >> at % 8 * 8;
}

static void fill(uint8_t *p, size_t len, uint64_t start, uint64_t at)
{
	for (; len; len--)
		*p++ = byte_at(start, at++);
}

static uint64_t differing(const uint8_t *p, size_t len, uint64_t start, uint64_t at)
{
	uint64_t n = 0;

	for (; len; len--)
		n += *p++ != byte_at(start, at++);
	return n;
}

static void write_all(int fd, const uint8_t *p, size_t len)
{
	while (len) {
		ssize_t n = write(fd, p, len);

		if (n < 0 && errno != EINTR)
			fail(1, "cannot send", "tcp");
		if (n > 0) {
			p += n;
			len -= n;
		}
	}
}

static void pace(uint64_t *next, uint64_t interval)
{
	uint64_t now = now_ns(CLOCK_MONOTONIC);
	struct timespec t;

	/* Whoever was stopped goes on from now and catches nothing up. */
	*next = *next + 2 * interval < now ? now : *next + interval;
	t.tv_sec = *next / NS_PER_S;
	t.tv_nsec = *next % NS_PER_S;
	clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, NULL);
}

static int connected(const struct options *o)
{
	uint64_t end = now_ns(CLOCK_MONOTONIC) + CONNECT_SECONDS * NS_PER_S;

	for (;;) {
		int fd = socket(AF_INET, o->tcp ? SOCK_STREAM : SOCK_DGRAM, 0);

		if (fd >= 0 && !connect(fd, (const struct sockaddr *)&o->peer, sizeof(o->peer)))
			return fd;
		if (ending || now_ns(CLOCK_MONOTONIC) > end)
			fail(1, "cannot connect", "send");
		close(fd);
		poll(NULL, 0, 100);
	}
}

static void run_send(const struct options *o)
{
	static uint8_t buffer[MAX_SIZE];
	int fd = connected(o);
	uint64_t next = now_ns(CLOCK_MONOTONIC);
	uint64_t number = 0, refused = 0;

	while (!ending && number < o->count) {
		if (o->tcp) {
			fill(buffer, o->size, 0, number * o->size);
			write_all(fd, buffer, o->size);
		} else {
			struct head head = { number, now_ns(CLOCK_REALTIME) };

			memcpy(buffer, &head, sizeof(head));
			fill(buffer + sizeof(head), o->size - sizeof(head), first_word(number), 0);
			if (send(fd, buffer, o->size, 0) < 0)
				refused++;
		}
		number++;
		pace(&next, NS_PER_S / o->rate);
	}
	close(fd);
	printf("{\"sent\": %llu, \"refused\": %llu, \"bytes\": %llu}\n", (unsigned long long)number,
	       (unsigned long long)refused, (unsigned long long)(number * o->size));
}

static void receive_tcp(int listener)
{
	static uint8_t buffer[MAX_SIZE];
	uint64_t bytes = 0, corrupt = 0;
	ssize_t n;
	int fd;

	if (listen(listener, 1))
		fail(1, "cannot listen", "receive");
	fd = accept(listener, NULL, NULL);
	if (fd < 0)
		fail(1, "cannot accept", "receive");
	while ((n = read(fd, buffer, sizeof(buffer))) > 0) {
		corrupt += differing(buffer, n, 0, bytes);
		bytes += n;
	}
	printf("{\"bytes\": %llu, \"corrupt\": %llu, \"error\": %d}\n", (unsigned long long)bytes,
	       (unsigned long long)corrupt, n ? errno : 0);
}

/* What became of the datagrams 0 .. n - 1. */
struct record {
	struct arrival *arrivals;
	uint64_t n, room;
	uint64_t received, duplicates, corrupt;
};

static void record_datagram(struct record *r, const uint8_t *p, size_t len)
{
	struct head head = { 0 };
	struct arrival *a;

	if (len >= sizeof(head))
		memcpy(&head, p, sizeof(head));
	/* A number that cannot be is a damaged one. */
	if (len < sizeof(head) || head.number > r->n + (1u << 20) ||
	    differing(p + sizeof(head), len - sizeof(head), first_word(head.number), 0)) {
		r->corrupt++;
		return;
	}
	while (head.number >= r->room) {
		uint64_t room = r->room ? 2 * r->room : 4096;

		r->arrivals = realloc(r->arrivals, room * sizeof(*a));
		if (!r->arrivals)
			fail(1, "no memory", "receive");
		memset(r->arrivals + r->room, 0, (room - r->room) * sizeof(*a));
		r->room = room;
	}
	a = &r->arrivals[head.number];
	if (a->received_ns)
		r->duplicates++;
	r->received++;
	a->sent_ns = head.sent_ns;
	a->received_ns = now_ns(CLOCK_REALTIME);
	if (head.number >= r->n)
		r->n = head.number + 1;
}

static void print_record(const struct record *r)
{
	static const struct arrival none;
	const struct arrival *before = &none;
	const char *separator = "";
	uint64_t i, end;

	printf("{\"received\": %llu, \"numbered\": %llu, \"corrupt\": %llu, \"duplicates\": %llu, "
	       "\"gaps\": [",
	       (unsigned long long)r->received, (unsigned long long)r->n,
	       (unsigned long long)r->corrupt, (unsigned long long)r->duplicates);
	for (i = 0; i < r->n; i = end) {
		const struct arrival *a = &r->arrivals[i];

		end = i + 1;
		if (a->received_ns) {
			before = a;
			continue;
		}
		/* The last one recorded was received: every gap has an end. */
		while (!r->arrivals[end].received_ns)
			end++;
		a = &r->arrivals[end];
		printf("%s{\"first\": %llu, \"count\": %llu, \"sent\": [%llu, %llu], \"received\": "
		       "[%llu, %llu]}",
		       separator, (unsigned long long)i, (unsigned long long)(end - i),
		       (unsigned long long)before->sent_ns, (unsigned long long)a->sent_ns,
		       (unsigned long long)before->received_ns, (unsigned long long)a->received_ns);
		separator = ", ";
	}
	printf("]}\n");
}

static void receive_udp(int fd, bool hold, const sigset_t *waiting)
{
	static uint8_t buffer[MAX_SIZE];
	struct pollfd p = { .fd = fd, .events = POLLIN };
	struct record record = { 0 };
	int room = SOCKET_BUFFER;
	ssize_t n;

	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof(room)))
		fail(1, "no room for datagrams", "receive");
	while (!ending) {
		if (ppoll(&p, hold ? 0 : 1, NULL, waiting) <= 0)
			continue;
		n = recv(fd, buffer, sizeof(buffer), MSG_DONTWAIT);
		if (n >= 0)
			record_datagram(&record, buffer, n);
	}
	while ((n = recv(fd, buffer, sizeof(buffer), MSG_DONTWAIT)) >= 0)
		record_datagram(&record, buffer, n);
	print_record(&record);
	free(record.arrivals);
}

static void run_receive(const struct options *o, const sigset_t *waiting)
{
	int fd = socket(AF_INET, o->tcp ? SOCK_STREAM : SOCK_DGRAM, 0);
	int on = 1;

	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) ||
	    bind(fd, (const struct sockaddr *)&o->peer, sizeof(o->peer)))
		fail(1, "cannot bind", "receive");
	if (o->tcp)
		receive_tcp(fd);
	else
		receive_udp(fd, o->hold, waiting);
	close(fd);
}

static uint64_t number(const char *text, uint64_t min, uint64_t max, const char *name)
{
	char *end;
	unsigned long long n;

	errno = 0;
	n = strtoull(text, &end, 10);
	if (errno || end == text || *end || n < min || n > max) {
		errno = 0;
		fail(2, "not a number that fits", name);
	}
	return n;
}

static void parse(int argc, char **argv, struct options *o)
{
	static const struct option names[] = { { "size", required_argument, NULL, 's' },
					       { "rate", required_argument, NULL, 'r' },
					       { "count", required_argument, NULL, 'c' },
					       { "hold", no_argument, NULL, 'h' },
					       { 0 } };
	char **words;
	int c;

	errno = 0;
	while ((c = getopt_long(argc, argv, "", names, NULL)) != -1) {
		switch (c) {
		case 's':
			o->size = number(optarg, sizeof(struct head), MAX_SIZE, "--size");
			break;
		case 'r':
			o->rate = number(optarg, 1, 1000000, "--rate");
			break;
		case 'c':
			o->count = number(optarg, 1, UINT64_MAX, "--count");
			break;
		case 'h':
			o->hold = true;
			break;
		default:
			exit(2);
		}
	}
	words = argv + optind;
	if (argc - optind != 4 || (strcmp(words[0], "send") && strcmp(words[0], "receive")) ||
	    (strcmp(words[1], "tcp") && strcmp(words[1], "udp")))
		fail(2, "wrong use", argv[0]);
	o->send = !strcmp(words[0], "send");
	o->tcp = !strcmp(words[1], "tcp");
	o->peer.sin_family = AF_INET;
	o->peer.sin_port = htons(number(words[3], 1, 65535, "PORT"));
	if (inet_pton(AF_INET, words[2], &o->peer.sin_addr) != 1)
		fail(2, "not an IPv4 address", words[2]);
}

int main(int argc, char **argv)
{
	struct options o = { .size = 1400, .rate = 100, .count = UINT64_MAX };
	struct sigaction action = { .sa_handler = on_signal };
	sigset_t blocked, waiting;

	parse(argc, argv, &o);
	sigemptyset(&blocked);
	sigaddset(&blocked, SIGTERM);
	sigaction(SIGTERM, &action, NULL);
	signal(SIGPIPE, SIG_IGN);
	if (o.send) {
		run_send(&o);
	} else {
		/* A stream is read to its end. Datagrams: only ppoll() lets the signal in, so that
		 * none comes between the look at the flag and the wait.
		 */
		if (o.tcp)
			signal(SIGTERM, SIG_IGN);
		sigprocmask(SIG_BLOCK, &blocked, &waiting);
		run_receive(&o, &waiting);
	}
	return 0;
}
