/*
 * Clients that open TCP connections as fast as they can: tcp-flood PORT CONNECTIONS KINDS FRAME [SOURCE], to 127.0.0.1,
 * until it is killed. SOURCE is the address of all of them, one of 127.0.0.0/8. FRAME is a file with one query, two octets of
 * length before it. KINDS is a string of letters, given to connections in rotation:
 *
 *   q  asks the query, reads the answer, closes and comes back: a resolver that fell back to TCP
 *   g  sends eleven octets that are no message, resets and comes back
 *   h  sends half of the query and waits until the server gives up on it, then comes back
 *   i  sends nothing and waits likewise
 *   r  asks the query as often as it can and reads nothing, until the server gives up on it
 *   w  writes the query an octet at a time, one in a tenth of a second, over and over, and reads what comes
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
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define MAX_CONNECTIONS 10000
#define EVENTS 256

static struct sockaddr_in server, client;
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
  if (client.sin_family == AF_INET) {
    /* The port is chosen when it connects: to other servers it may be in use. */
    setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on);
    bind(fd, (struct sockaddr *)&client, sizeof client);
  }
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

/* As many queries as go; it stays writable, or is so again, and notices when the server has gone. */
static void ask_on(int slot) {
  static unsigned char many[64 * 1024];
  static int octets;
  if (octets == 0) {
    for (; octets + query_octets <= (int)sizeof many; octets += query_octets) memcpy(many + octets, query, query_octets);
  }
  if (send(sockets[slot], many, octets, MSG_NOSIGNAL) < 0 && errno != EAGAIN) again(slot, 1);
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
  if (kind == 'r') {
    ask_on(slot);
    return;
  }
  struct epoll_event event = {.events = EPOLLIN, .data.u32 = slot};
  epoll_ctl(poller, EPOLL_CTL_MOD, fd, &event);
}

/* The next octet of those that write one at a time. */
static void write_octets(int connections) {
  for (int slot = 0; slot < connections; slot++) {
    if (kinds[slot] != 'w' || written[slot] == 0) continue;
    send(sockets[slot], query + (written[slot] - 1) % query_octets, 1, MSG_NOSIGNAL | MSG_DONTWAIT);
    written[slot]++;
  }
}

static void readable(int slot) {
  static unsigned char answer[65537];
  int octets = recv(sockets[slot], answer, sizeof answer, 0);
  if (octets > 0) answered++;
  if (octets > 0 && kinds[slot] == 'w') return;
  again(slot, octets < 0);
}

int main(int count, char **words) {
  FILE *frame = count == 5 || count == 6 ? fopen(words[4], "r") : NULL;
  if (frame == NULL) {
    fprintf(stderr, "usage: tcp-flood PORT CONNECTIONS KINDS FRAME [SOURCE]\n");
    return 2;
  }
  server.sin_family = AF_INET;
  server.sin_port = htons(atoi(words[1]));
  server.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (count == 6) {
    client.sin_family = AF_INET;
    inet_pton(AF_INET, words[5], &client.sin_addr);
  }
  struct rlimit files = {MAX_CONNECTIONS + 100, MAX_CONNECTIONS + 100};
  setrlimit(RLIMIT_NOFILE, &files);
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
  struct timespec tick = {0, 0};
  for (;;) {
    int ready = epoll_wait(poller, events, EVENTS, 100);
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    if ((now.tv_sec - tick.tv_sec) * 10 + (now.tv_nsec - tick.tv_nsec) / 100000000 >= 1) {
      tick = now;
      write_octets(connections);
    }
    for (int i = 0; i < ready; i++) {
      int slot = events[i].data.u32;
      if (events[i].events & (EPOLLERR | EPOLLHUP) && (!written[slot] || kinds[slot] == 'r')) again(slot, 1);
      else if (written[slot] && kinds[slot] == 'r') ask_on(slot);
      else if (!written[slot]) writable(slot);
      else readable(slot);
    }
    if (time(NULL) == told) continue;
    told = time(NULL);
    printf("opened %lu answered %lu\n", opened, answered);
    fflush(stdout);
  }
}
