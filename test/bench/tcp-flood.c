/*
 * Clients that open TCP connections as fast as they can: tcp-flood PORT CONNECTIONS KINDS FRAME, to 127.0.0.1, until it is killed.
 * FRAME is a file with one query, two octets of length before it. KINDS is a string of letters, given to connections in rotation:
 *
 *   q  asks the query, reads the answer, closes and comes back: a resolver that fell back to TCP
 *   g  sends eleven octets that are no message, resets and comes back
 *   h  sends half of the query and waits until the server gives up on it, then comes back
 *   i  sends nothing and waits likewise
 *
 * Every second it prints how many connections it has opened and how many answers it has read.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define MAX_CONNECTIONS 10000
#define EVENTS 256

static struct sockaddr_in server;
static unsigned char query[600];
static int query_octets;
static int poller;
static int sockets[MAX_CONNECTIONS];
static char kinds[MAX_CONNECTIONS];
static int written[MAX_CONNECTIONS];
static unsigned long opened, answered;

static void start(int slot) {
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
  if (fd < 0) {
    perror("socket");
    exit(1);
  }
  int on = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  sockets[slot] = fd;
  written[slot] = 0;
  /* With all ports taken it fails here; the next turn tries again. */
  connect(fd, (struct sockaddr *)&server, sizeof server);
  struct epoll_event event = {.events = EPOLLOUT, .data.u32 = slot};
  epoll_ctl(poller, EPOLL_CTL_ADD, fd, &event);
}

static void again(int slot, int reset) {
  if (reset) {
    struct linger linger = {.l_onoff = 1, .l_linger = 0};
    setsockopt(sockets[slot], SOL_SOCKET, SO_LINGER, &linger, sizeof linger);
  }
  close(sockets[slot]);
  start(slot);
}

static void writable(int slot) {
  static const unsigned char garbage[] = {0, 9, 1, 2, 3, 4, 5, 6, 7, 8, 9};
  int fd = sockets[slot];
  char kind = kinds[slot];
  written[slot] = 1;
  opened++;
  if (kind == 'q') send(fd, query, query_octets, MSG_NOSIGNAL);
  if (kind == 'h') send(fd, query, query_octets / 2, MSG_NOSIGNAL);
  if (kind == 'g') {
    send(fd, garbage, sizeof garbage, MSG_NOSIGNAL);
    again(slot, 1);
    return;
  }
  struct epoll_event event = {.events = EPOLLIN, .data.u32 = slot};
  epoll_ctl(poller, EPOLL_CTL_MOD, fd, &event);
}

static void readable(int slot) {
  static unsigned char answer[65537];
  int octets = recv(sockets[slot], answer, sizeof answer, 0);
  if (octets > 0) answered++;
  again(slot, octets < 0);
}

int main(int count, char **words) {
  FILE *frame = count == 5 ? fopen(words[4], "r") : NULL;
  if (frame == NULL) {
    fprintf(stderr, "usage: tcp-flood PORT CONNECTIONS KINDS FRAME\n");
    return 2;
  }
  server.sin_family = AF_INET;
  server.sin_port = htons(atoi(words[1]));
  server.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  int connections = atoi(words[2]);
  if (connections < 1 || connections > MAX_CONNECTIONS) return 2;
  query_octets = fread(query, 1, sizeof query, frame);
  poller = epoll_create1(0);
  int different = strlen(words[3]);
  for (int slot = 0; slot < connections; slot++) {
    kinds[slot] = words[3][slot % different];
    start(slot);
  }
  struct epoll_event events[EVENTS];
  time_t told = time(NULL);
  for (;;) {
    int ready = epoll_wait(poller, events, EVENTS, 1000);
    for (int i = 0; i < ready; i++) {
      int slot = events[i].data.u32;
      if (events[i].events & (EPOLLERR | EPOLLHUP) && !written[slot]) again(slot, 1);
      else if (!written[slot]) writable(slot);
      else readable(slot);
    }
    if (time(NULL) == told) continue;
    told = time(NULL);
    printf("opened %lu answered %lu\n", opened, answered);
    fflush(stdout);
  }
}
