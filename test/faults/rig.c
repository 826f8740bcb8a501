/*
 * A hostile rig for one command: `rig [--deny NAME[,NAME…]] [--pipe BYTES] COMMAND ARGUMENT…` executes it with system calls
 * that the kernel refuses (EPERM, as most sandboxes do), and with a standard output whose pipe holds no more than so many bytes.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#define CANT 125
#define MOST 16

static const struct { const char *name; int number; } calls[] = {
    {"sched_setscheduler", SYS_sched_setscheduler}, {"sched_setaffinity", SYS_sched_setaffinity},
    {"memfd_create", SYS_memfd_create},             {"prctl", SYS_prctl},
    {"mlockall", SYS_mlockall},                     {"mq_open", SYS_mq_open},
    {"madvise", SYS_madvise},                       {"setpriority", SYS_setpriority},
};

static int number_of(const char *name) {
  for (size_t i = 0; i < sizeof calls / sizeof *calls; i++) {
    if (strcmp(calls[i].name, name) == 0) return calls[i].number;
  }
  fprintf(stderr, "rig: no system call %s\n", name);
  exit(CANT);
}

static void deny(char *names) {
  struct sock_filter filter[2 * MOST + 2];
  unsigned short length = 0;
  filter[length++] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr));
  for (char *name = strtok(names, ","); name != NULL && length < 2 * MOST; name = strtok(NULL, ",")) {
    filter[length++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (unsigned)number_of(name), 0, 1);
    filter[length++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM);
  }
  filter[length++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
  const struct sock_fprog program = {.len = length, .filter = filter};
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0) return;
  perror("rig: seccomp");
  exit(CANT);
}

int main(int count, char **arguments) {
  int at = 1;
  for (; at + 1 < count && strncmp(arguments[at], "--", 2) == 0; at += 2) {
    if (strcmp(arguments[at], "--deny") == 0) {
      deny(arguments[at + 1]);
    } else if (strcmp(arguments[at], "--pipe") == 0) {
      if (fcntl(STDOUT_FILENO, F_SETPIPE_SZ, atoi(arguments[at + 1])) < 0) return perror("rig: pipe"), CANT;
    } else {
      return fprintf(stderr, "rig: no option %s\n", arguments[at]), CANT;
    }
  }
  if (at >= count) return CANT;
  execvp(arguments[at], arguments + at);
  perror("rig");
  return CANT;
}
