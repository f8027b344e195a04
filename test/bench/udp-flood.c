/*
 * A pod that asks for names without end: udp-flood PORT SOURCE RATE SUFFIX..., to 127.0.0.1, until it is killed. SOURCE is its address, one
 * of 127.0.0.0/8; RATE is in queries per second. Each name is a new one with each suffix behind it in turn, asked for A and then for AAAA, as a
 * resolver does with a search list. It sends whether answers come or not.
 *
 * Every second it prints how many milliseconds it has run, how many queries it has sent, and how many answers have come, of them with SERVFAIL.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define SOCKETS 8
#define BATCH 64
#define OCTETS 512

static unsigned char queries[BATCH][OCTETS];
static unsigned char answers[BATCH][OCTETS];
static struct iovec query_parts[BATCH], answer_parts[BATCH];
static struct mmsghdr out[BATCH], in[BATCH];
static unsigned long sent, answered, failed;

static uint64_t now_us(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (uint64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

/* The name in wire form behind `at`. */
static int put_name(unsigned char *at, const char *text) {
  unsigned char *start = at;
  while (*text != 0 && *text != '.') {
    const char *dot = strchr(text, '.');
    int length = dot == NULL ? (int)strlen(text) : (int)(dot - text);
    *at++ = length;
    memcpy(at, text, length);
    at += length;
    text += length + (dot != NULL);
  }
  *at++ = 0;
  return at - start;
}

static int put_query(unsigned char *at, unsigned long number, char **suffixes, int count) {
  static const unsigned char header[] = {0, 0, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0};
  char name[256];
  /* Not in the order of counting, so that no two runs and no two neighbours are alike. */
  uint32_t mixed = (uint32_t)(number / 2 / count) * 2654435761u ^ (uint32_t)getpid();
  snprintf(name, sizeof name, "r%lx-%x.%s", number / 2 / count, mixed, suffixes[number / 2 % count]);
  memcpy(at, header, sizeof header);
  at[0] = number >> 8;
  at[1] = number;
  int octets = sizeof header + put_name(at + sizeof header, name);
  at[octets++] = 0;
  at[octets++] = number % 2 == 0 ? 1 : 28;
  at[octets++] = 0;
  at[octets++] = 1;
  return octets;
}

static void drain(int fd) {
  int count = recvmmsg(fd, in, BATCH, MSG_DONTWAIT, NULL);
  for (int i = 0; i < count; i++) {
    answered++;
    if ((answers[i][3] & 15) == 2) failed++;
  }
}

int main(int count, char **words) {
  if (count < 5) {
    fprintf(stderr, "usage: udp-flood PORT SOURCE RATE SUFFIX...\n");
    return 2;
  }
  struct sockaddr_in server = {.sin_family = AF_INET, .sin_port = htons(atoi(words[1]))};
  struct sockaddr_in client = {.sin_family = AF_INET};
  server.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  inet_pton(AF_INET, words[2], &client.sin_addr);
  unsigned long rate = strtoul(words[3], NULL, 10);
  int sockets[SOCKETS];
  for (int i = 0; i < SOCKETS; i++) {
    sockets[i] = socket(AF_INET, SOCK_DGRAM, 0);
    if (bind(sockets[i], (struct sockaddr *)&client, sizeof client) < 0 ||
        connect(sockets[i], (struct sockaddr *)&server, sizeof server) < 0) {
      perror("socket");
      return 1;
    }
  }
  for (int i = 0; i < BATCH; i++) {
    query_parts[i].iov_base = queries[i];
    answer_parts[i] = (struct iovec){answers[i], OCTETS};
    out[i].msg_hdr = (struct msghdr){.msg_iov = &query_parts[i], .msg_iovlen = 1};
    in[i].msg_hdr = (struct msghdr){.msg_iov = &answer_parts[i], .msg_iovlen = 1};
  }
  uint64_t start = now_us(), told = start;
  unsigned long due = 0;
  for (int turn = 0;; turn = (turn + 1) % SOCKETS) {
    uint64_t now = now_us();
    /* What was not sent in time is not made up for by a burst of more than ten milliseconds. */
    unsigned long wanted = (now - start) * rate / 1000000;
    if (wanted > due + rate / 100) due = wanted - rate / 100;
    int batch = wanted - due < BATCH ? (int)(wanted - due) : BATCH;
    for (int i = 0; i < batch; i++) {
      query_parts[i].iov_len = put_query(queries[i], sent + i, words + 4, count - 4);
    }
    if (batch > 0) {
      int gone = sendmmsg(sockets[turn], out, batch, 0);
      if (gone > 0) sent += gone;
      due += batch;
    }
    drain(sockets[turn]);
    if (batch < BATCH) usleep(500);
    if (now - told < 1000000) continue;
    told = now;
    printf("ms %lu sent %lu answered %lu failed %lu\n", (unsigned long)((now - start) / 1000), sent, answered, failed);
    fflush(stdout);
  }
}
