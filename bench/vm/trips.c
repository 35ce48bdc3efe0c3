// SPDX-License-Identifier: GPL-2.0-only
/*
 * trips: round trips of one message at a time, over UDP or TCP, each timed.
 *
 *   trips answer udp|tcp PORT
 *	sends back what comes, until it is ended
 *   trips ask udp|tcp ADDRESS PORT BYTES WARM COUNT
 *	COUNT trips behind WARM others; then it goes on without timing them, until
 *	SIGINT has it print what it measured, one JSON object
 *
 * Packaged tools stop after a time. On the instruction clock a round trip takes
 * some forty microseconds of virtual time and a hundred times as long in real
 * time, so what they leave out at their beginning alone would take a minute;
 * and a number of trips repeats exactly where a time does not.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "lib/clock.h"
#include "lib/common.h"

/* The largest message: one frame of the largest standard Ethernet carries it. */
#define MESSAGE_MAX 9000
/* A datagram without an answer for so long is lost, and the next one is sent. */
#define PATIENCE_MS 1000

static volatile sig_atomic_t ended;

static void on_signal(int signal)
{
	(void)signal;
	ended = 1;
}

struct exchange {
	int fd;
	bool udp;
	unsigned int bytes;
	unsigned long warm, count;
	unsigned long sent, lost;
	uint64_t *ns; /* of each timed trip */
	unsigned long timed;
};

static int open_socket(bool udp)
{
	int fd = socket(AF_INET, (udp ? SOCK_DGRAM : SOCK_STREAM) | SOCK_CLOEXEC, 0), on = 1;

	if (fd < 0)
		return fail(RC_CANNOT, "trips: socket: %s", strerror(errno)), -1;
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (!udp)
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	return fd;
}

static void __attribute__((noreturn)) answer_datagrams(int fd)
{
	static char message[MESSAGE_MAX];
	struct sockaddr_in from;

	for (;;) {
		socklen_t length = sizeof(from);
		ssize_t n = recvfrom(fd, message, sizeof(message), 0, (struct sockaddr *)&from,
				     &length);

		if (n > 0)
			sendto(fd, message, n, 0, (struct sockaddr *)&from, length);
	}
}

static void __attribute__((noreturn)) answer_stream(int fd)
{
	static char message[MESSAGE_MAX];
	int on = 1;

	for (;;) {
		int peer = accept(fd, NULL, NULL);
		ssize_t n;

		if (peer < 0)
			continue;
		setsockopt(peer, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
		while ((n = read(peer, message, sizeof(message))) > 0)
			if (write(peer, message, n) != n)
				break;
		close(peer);
	}
}

static int answer(bool udp, const char *port)
{
	struct sockaddr_in here = { .sin_family = AF_INET, .sin_port = htons(atoi(port)) };
	int fd = open_socket(udp);

	if (fd < 0)
		return RC_CANNOT;
	if (bind(fd, (struct sockaddr *)&here, sizeof(here)))
		return fail(RC_FAIL, "trips: port %s: %s", port, strerror(errno));
	if (udp)
		answer_datagrams(fd);
	if (listen(fd, 1))
		return fail(RC_FAIL, "trips: listen: %s", strerror(errno));
	answer_stream(fd);
}

/*
 * Receives the answer that begins with @number, or waits until patience is at an
 * end: 0 then, as for a late answer to an earlier message that is only dropped.
 */
static int take_answer(struct exchange *x, char *message, uint64_t number)
{
	unsigned int have = 0;
	uint64_t got;

	while (have < x->bytes) {
		ssize_t n;

		n = read(x->fd, message + have, x->bytes - have);
		if (n < 0 && (errno == EINTR || errno == EAGAIN || errno == ECONNREFUSED))
			return 0;
		if (n <= 0)
			return -1;
		have += n;
		memcpy(&got, message, sizeof(got));
		if (x->udp && got != number)
			have = 0;
		else if (x->udp)
			break;
	}
	return 1;
}

static int trip(struct exchange *x, char *message)
{
	uint64_t begin, number = ++x->sent;
	bool timed = number > x->warm && x->timed < x->count;
	int answered;

	memcpy(message, &number, sizeof(number));
	begin = clock_now(CLOCK_WALL);
	if (write(x->fd, message, x->bytes) != (ssize_t)x->bytes && errno != ECONNREFUSED)
		return ended ? RC_OK : fail(RC_FAIL, "trips: write: %s", strerror(errno));
	answered = take_answer(x, message, number);
	if (answered < 0 && !ended)
		return fail(RC_FAIL, "trips: the far end has closed the connection");
	if (answered > 0 && timed)
		x->ns[x->timed++] = clock_now(CLOCK_WALL) - begin;
	x->lost += !answered && !ended;
	return RC_OK;
}

static int print(const struct exchange *x)
{
	printf("{\"sent\":%lu,\"lost\":%lu,\"latency\":[", x->sent, x->lost);
	for (unsigned long i = 0; i < x->timed; i++)
		printf("%s%llu", i ? "," : "", (unsigned long long)x->ns[i]);
	puts("]}");
	return fflush(stdout) ? fail(RC_FAIL, "trips: standard output: cannot be written") : RC_OK;
}

static int ask(bool udp, char **word)
{
	struct sockaddr_in there = { .sin_family = AF_INET, .sin_port = htons(atoi(word[1])) };
	struct exchange x = { .udp = udp,
			      .bytes = atoi(word[2]),
			      .warm = strtoul(word[3], NULL, 10),
			      .count = strtoul(word[4], NULL, 10) };
	/* Only datagrams are lost; a stream is waited for. */
	struct timeval patience = { .tv_sec = PATIENCE_MS / 1000 };
	static char message[MESSAGE_MAX];
	int rc = RC_OK;

	if (!inet_aton(word[0], &there.sin_addr) || x.bytes < sizeof(uint64_t) ||
	    x.bytes > MESSAGE_MAX || !x.count)
		return fail(RC_USAGE, "trips: %s %s: an address, and 8 to %d bytes", word[0],
			    word[2], MESSAGE_MAX);
	x.ns = calloc(x.count, sizeof(*x.ns));
	if (!x.ns)
		return fail(RC_FAIL, "trips: out of memory: ask for fewer trips");
	/* Its pages exist before the first trip is timed. */
	memset(x.ns, 1, x.count * sizeof(*x.ns));
	x.fd = open_socket(udp);
	if (x.fd < 0)
		return RC_CANNOT;
	if (connect(x.fd, (struct sockaddr *)&there, sizeof(there)))
		return fail(RC_FAIL, "trips: %s: %s", word[0], strerror(errno));
	if (udp)
		setsockopt(x.fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	while (!rc && !ended)
		rc = trip(&x, message);
	return rc ? rc : print(&x);
}

int main(int argc, char **argv)
{
	struct sigaction end = { .sa_handler = on_signal };
	bool udp = argc > 2 && !strcmp(argv[2], "udp");

	if (argc == 4 && !strcmp(argv[1], "answer"))
		return answer(udp, argv[3]);
	if (argc != 8 || strcmp(argv[1], "ask"))
		return fail(RC_USAGE, "trips: wrong use: trips answer udp|tcp PORT, or trips ask "
				      "udp|tcp ADDRESS PORT BYTES WARM COUNT");
	sigaction(SIGINT, &end, NULL);
	sigaction(SIGTERM, &end, NULL);
	return ask(udp, argv + 3);
}
