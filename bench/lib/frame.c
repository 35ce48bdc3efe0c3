// SPDX-License-Identifier: GPL-2.0-only
/* Numbered frames whose every byte follows from their number. */
#include "frame.h"

#include <arpa/inet.h>
#include <net/ethernet.h>
#include <netinet/ip.h>
#include <netinet/ip_icmp.h>
#include <string.h>

/* Locally administered, so that no vendor's card is meant. */
const uint8_t guest_mac[6] = { 0x02, 0x76, 0x6c, 0x00, 0x00, 0x02 };
const uint8_t tap_mac[6] = { 0x02, 0x76, 0x6c, 0x00, 0x00, 0x01 };

#define HEAD (sizeof(struct ether_header) + sizeof(uint64_t))

/* Spreads the number over 64 bits, so that neighbours differ in most bytes. */
static uint64_t mix(uint64_t x)
{
	x += 0x9e3779b97f4a7c15ULL;
	x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ULL;
	x = (x ^ (x >> 27)) * 0x94d049bb133111ebULL;
	return x ^ (x >> 31);
}

static uint64_t word_at(uint64_t seq, unsigned int i)
{
	return mix(seq) + i * 0x0101010101010101ULL;
}

void frame_fill(char *frame, unsigned int size, const uint8_t *dst, const uint8_t *src,
		uint64_t seq)
{
	uint16_t type = htons(FRAME_ETHERTYPE);

	memcpy(frame, dst, 6);
	memcpy(frame + 6, src, 6);
	memcpy(frame + 12, &type, sizeof(type));
	memcpy(frame + 14, &seq, sizeof(seq));
	for (unsigned int at = HEAD, i = 0; at < size; at += 8, i++) {
		uint64_t word = word_at(seq, i);

		memcpy(frame + at, &word, size - at < 8 ? size - at : 8);
	}
}

bool frame_number(const char *frame, unsigned int size, uint64_t *seq)
{
	uint16_t type = htons(FRAME_ETHERTYPE);

	if (size < HEAD || memcmp(frame + 12, &type, sizeof(type)))
		return false;
	memcpy(seq, frame + 14, sizeof(*seq));
	return true;
}

bool frame_intact(const char *frame, unsigned int got, unsigned int size, const uint8_t *dst,
		  const uint8_t *src, uint64_t seq)
{
	uint64_t found;

	if (got != size || memcmp(frame, dst, 6) || memcmp(frame + 6, src, 6))
		return false;
	if (!frame_number(frame, got, &found) || found != seq)
		return false;
	for (unsigned int at = HEAD, i = 0; at < size; at += 8, i++) {
		uint64_t word = word_at(seq, i);

		if (memcmp(frame + at, &word, size - at < 8 ? size - at : 8))
			return false;
	}
	return true;
}

static uint16_t checksum(const void *data, unsigned int len)
{
	const unsigned char *p = data;
	uint32_t sum = 0;

	for (unsigned int i = 0; i + 1 < len; i += 2)
		sum += p[i] << 8 | p[i + 1];
	if (len & 1)
		sum += p[len - 1] << 8;
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return htons(~sum & 0xffff);
}

#define ECHO_HEAD (sizeof(struct ether_header) + sizeof(struct iphdr) + sizeof(struct icmphdr))
#define ECHO_ID	  0x766c

void frame_echo_request(char *frame, unsigned int size, uint64_t seq)
{
	unsigned int ip_len = size - sizeof(struct ether_header);
	struct iphdr ip = {
		.version = 4,
		.ihl = 5,
		.ttl = 64,
		.protocol = IPPROTO_ICMP,
		.tot_len = htons(ip_len),
	};
	struct icmphdr icmp = { .type = ICMP_ECHO };
	uint16_t type = htons(ETHERTYPE_IP);
	char *l4 = frame + sizeof(struct ether_header) + sizeof(ip);

	inet_pton(AF_INET, GUEST_ADDRESS, &ip.saddr);
	inet_pton(AF_INET, TAP_ADDRESS, &ip.daddr);
	ip.check = checksum(&ip, sizeof(ip));
	icmp.un.echo.id = htons(ECHO_ID);
	icmp.un.echo.sequence = htons(seq & 0xffff);

	memcpy(frame, tap_mac, 6);
	memcpy(frame + 6, guest_mac, 6);
	memcpy(frame + 12, &type, sizeof(type));
	memcpy(frame + sizeof(struct ether_header), &ip, sizeof(ip));
	memcpy(l4, &icmp, sizeof(icmp));
	for (unsigned int at = ECHO_HEAD; at < size; at++)
		frame[at] = (char)at;
	icmp.checksum = checksum(l4, ip_len - sizeof(ip));
	memcpy(l4, &icmp, sizeof(icmp));
}

void frame_echo_number(char *frame, uint64_t seq)
{
	char *l4 = frame + sizeof(struct ether_header) + sizeof(struct iphdr);
	struct icmphdr icmp;
	uint32_t sum;

	/* The sum over everything else stays; one 16-bit word changes (RFC 1624). */
	memcpy(&icmp, l4, sizeof(icmp));
	sum = (uint16_t)~icmp.checksum + (uint16_t)~icmp.un.echo.sequence + htons(seq & 0xffff);
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	icmp.checksum = ~sum;
	icmp.un.echo.sequence = htons(seq & 0xffff);
	memcpy(l4, &icmp, sizeof(icmp));
}

bool frame_echo_reply(const char *frame, uint64_t seq)
{
	uint16_t type = htons(ETHERTYPE_IP);
	struct icmphdr icmp;

	if (memcmp(frame, guest_mac, 6) || memcmp(frame + 12, &type, sizeof(type)))
		return false;
	memcpy(&icmp, frame + sizeof(struct ether_header) + sizeof(struct iphdr), sizeof(icmp));
	return icmp.type == ICMP_ECHOREPLY && icmp.un.echo.id == htons(ECHO_ID) &&
	       icmp.un.echo.sequence == htons(seq & 0xffff);
}
