/*
 * The floor of the benchmark: sends every datagram back as it came, marked as a response, up to 64 with one system call in each direction.
 * It reads no DNS. Usage: echo PORT, on 127.0.0.1, until it is killed.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>

enum { BATCH = 64, OCTETS = 4096 };

static unsigned char buffers[BATCH][OCTETS];
static struct sockaddr_in clients[BATCH];
static struct iovec vectors[BATCH];
static struct mmsghdr messages[BATCH];

static int open_socket(int port) {
  struct sockaddr_in local = {.sin_family = AF_INET, .sin_port = htons(port)};
  local.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  int fd = socket(AF_INET, SOCK_DGRAM, 0);
  int octets = 4 << 20;
  setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &octets, sizeof octets);
  setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &octets, sizeof octets);
  if (fd < 0 || bind(fd, (struct sockaddr *)&local, sizeof local) != 0) {
    perror("echo");
    exit(1);
  }
  return fd;
}

static void make_room(int i) {
  vectors[i] = (struct iovec){buffers[i], OCTETS};
  messages[i].msg_hdr = (struct msghdr){
      .msg_name = &clients[i], .msg_namelen = sizeof clients[i], .msg_iov = &vectors[i], .msg_iovlen = 1};
}

int main(int argc, char **argv) {
  int fd = open_socket(argc > 1 ? atoi(argv[1]) : 0);
  for (;;) {
    for (int i = 0; i < BATCH; i++) make_room(i);
    int count = recvmmsg(fd, messages, BATCH, MSG_WAITFORONE, NULL);
    for (int i = 0; i < count; i++) {
      vectors[i].iov_len = messages[i].msg_len;
      buffers[i][2] |= 0x80; /* QR */
    }
    if (count > 0) sendmmsg(fd, messages, count, 0);
  }
}
