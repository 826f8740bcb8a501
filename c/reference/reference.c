/*
 * The plain C baseline: measures how long messages take between two processes, with nothing of the program's in it.
 *
 *   cc -std=c11 -O2 -D_GNU_SOURCE c/reference/[a-z]*.c -o reference
 *   ./reference --mechanism uds --test round-trip --count 10000 --size 64 --server-cpu 0 --client-cpu 1
 *
 * The parent is the client; it forks the server. One-way latency runs from right before the send to right after the whole
 * message lies in the receiver's buffer, round-trip latency until the whole reply lies in the client's. All samples are
 * kept, sorted at the end, and summed up in one JSON object on standard output.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "reference.h"

#define UNRECORDED_ID UINT64_MAX
#define SPIN_NS 50000

static struct {
  const struct transport *transport;
  int is_round_trip;
  uint64_t count, warmup_count;
  size_t payload_bytes;
  int64_t delay_ns;
  int server_cpu, client_cpu; /* -1: not pinned */
  int spin;
  unsigned deadline_s;
} options = {.count = 10000, .warmup_count = 1000, .payload_bytes = 1024, .server_cpu = -1, .client_cpu = -1, .deadline_s = 60};

/* What both processes see. */
static struct results {
  int64_t first_send_ns, last_receive_ns;
  uint64_t received;
  int64_t latency_ns[];
} *results;

/* ---- ending ---- */

static remove_function name_remover;
static const char *name_to_remove;

void remove_at_exit(remove_function function, const char *name) {
  name_to_remove = name;
  name_remover = function;
}

static void remove_name(void) {
  if (name_remover != NULL) name_remover(name_to_remove);
}

_Noreturn void die(const char *what) {
  fprintf(stderr, "reference: %s: %s\n", what, strerror(errno));
  remove_name();
  exit(1);
}

static void end_early(int number) {
  static const char late[] = "reference: took too long\n", alone[] = "reference: the other process has ended\n";
  if (number == SIGALRM && write(STDERR_FILENO, late, sizeof late - 1) < 0) _exit(1);
  if (number == SIGCHLD && write(STDERR_FILENO, alone, sizeof alone - 1) < 0) _exit(1);
  remove_name();
  _exit(128 + number);
}

const char *unique_name(void) {
  static char name[40];
  if (name[0] == '\0') snprintf(name, sizeof name, "/ipc-reference-%d", (int)getpid());
  return name;
}

void *allocate(size_t bytes) {
  void *memory = malloc(bytes);
  if (memory == NULL) die("malloc");
  return memset(memory, 0, bytes);
}

void *shared_memory(size_t bytes) {
  remove_at_exit(shm_unlink, unique_name());
  int fd = shm_open(unique_name(), O_RDWR | O_CREAT | O_EXCL, 0600);
  if (fd < 0 || ftruncate(fd, (off_t)bytes) != 0) die("shm_open");
  shm_unlink(unique_name());
  remove_at_exit(NULL, NULL);
  void *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  if (memory == MAP_FAILED) die("mmap");
  close(fd);
  return memory;
}

/* ---- both processes ---- */

static void become(int cpu, int records) {
  prctl(PR_SET_TIMERSLACK, 1UL);
  /* Touched by the process that will write them, so that their pages are there. */
  if (records) memset(results->latency_ns, 0, options.count * sizeof results->latency_ns[0]);
  if (cpu < 0) return;
  cpu_set_t cpus;
  CPU_ZERO(&cpus);
  CPU_SET(cpu, &cpus);
  if (sched_setaffinity(0, sizeof cpus, &cpus) != 0) die("sched_setaffinity");
}

static uint32_t get_type(const struct frame *frame) {
  uint32_t type;
  memcpy(&type, frame->payload + frame->payload_bytes, sizeof type);
  return type;
}

static void set_type(struct frame *frame, uint32_t type) {
  memcpy(frame->payload + frame->payload_bytes, &type, sizeof type);
}

static void record(uint64_t id, int64_t sent_ns, int64_t received_ns) {
  if (id == UNRECORDED_ID) return;
  if (id != results->received || id >= options.count) {
    fprintf(stderr, "reference: got message %llu instead of %llu\n", (unsigned long long)id, (unsigned long long)results->received);
    exit(1);
  }
  results->latency_ns[id] = received_ns - sent_ns;
  results->last_receive_ns = received_ns;
  results->received++;
}

/* ---- server ---- */

static void run_server(void) {
  const struct transport *transport = options.transport;
  transport->join_as_server();
  for (;;) {
    int64_t received_ns;
    struct frame *frame = transport->receive(&received_ns);
    uint32_t type = get_type(frame);
    if (type == SHUTDOWN) return;
    if (type == ONE_WAY) {
      record(frame->id, frame->sent_ns, received_ns);
    } else {
      set_type(frame, RESPONSE);
      frame->sent_ns = now_ns();
      transport->send(frame);
    }
  }
}

/* ---- client ---- */

static struct frame *new_frame(size_t payload_bytes, uint32_t type) {
  struct frame *frame = allocate(frame_bytes(payload_bytes));
  frame->body_bytes = (uint32_t)body_bytes(payload_bytes);
  frame->payload_bytes = payload_bytes;
  for (size_t i = 0; i < payload_bytes; i++) frame->payload[i] = (uint8_t)i;
  set_type(frame, type);
  return frame;
}

static void send_message(struct frame *frame, uint64_t id) {
  const struct transport *transport = options.transport;
  frame->id = id;
  frame->sent_ns = now_ns();
  if (id == 0) results->first_send_ns = frame->sent_ns;
  transport->send(frame);
  if (!options.is_round_trip) return;
  int64_t received_ns;
  struct frame *reply = transport->receive(&received_ns);
  if (reply->id != id || get_type(reply) != RESPONSE) die("got another reply than expected");
  record(id, frame->sent_ns, received_ns);
}

/* A sleep overshoots, so the last stretch is spun. */
static void pause_between(void) {
  int64_t until_ns = now_ns() + options.delay_ns;
  for (int64_t left_ns; (left_ns = until_ns - now_ns()) > 0;) {
    if (left_ns > SPIN_NS) {
      struct timespec nap = {.tv_sec = (left_ns - SPIN_NS) / 1000000000, .tv_nsec = (left_ns - SPIN_NS) % 1000000000};
      clock_nanosleep(CLOCK_MONOTONIC, 0, &nap, NULL);
    } else {
      cpu_relax();
    }
  }
}

static void run_client(void) {
  options.transport->join_as_client();
  struct frame *frame = new_frame(options.payload_bytes, options.is_round_trip ? REQUEST : ONE_WAY);
  for (uint64_t i = 0; i < options.warmup_count; i++) send_message(frame, UNRECORDED_ID);
  for (uint64_t id = 0; id < options.count; id++) {
    if (options.delay_ns > 0) pause_between();
    send_message(frame, id);
  }
  signal(SIGCHLD, SIG_DFL);
  options.transport->send(new_frame(0, SHUTDOWN));
}

/* ---- report ---- */

static int compare(const void *one, const void *other) {
  int64_t a = *(const int64_t *)one, b = *(const int64_t *)other;
  return (a > b) - (a < b);
}

/* Nearest rank. */
static long long percentile(uint64_t hundredths) {
  uint64_t rank = (results->received * hundredths + 99) / 100;
  return results->latency_ns[rank == 0 ? 0 : rank - 1];
}

static void print_results(void) {
  uint64_t count = results->received;
  double sum_ns = 0;
  for (uint64_t i = 0; i < count; i++) sum_ns += (double)results->latency_ns[i];
  qsort(results->latency_ns, count, sizeof results->latency_ns[0], compare);
  int64_t window_ns = results->last_receive_ns - results->first_send_ns;
  printf("{\"mechanism\":\"%s\",\"test\":\"%s\",\"count\":%llu,\"p50_ns\":%lld,\"mean_ns\":%.3f,\"p99_ns\":%lld,\"max_ns\":%lld,"
         "\"messages_per_second\":%.3f}\n",
         options.transport->name, options.is_round_trip ? "round-trip" : "one-way", (unsigned long long)count, percentile(50),
         sum_ns / (double)count, percentile(99), percentile(100), (double)count * 1e9 / (double)window_ns);
}

/* ---- command line ---- */

static _Noreturn void usage(void) {
  fputs("usage: reference [--mechanism uds|tcp|pmq|shm|shm-direct] [--test one-way|round-trip] [--count N] [--size BYTES]\n"
        "                 [--delay-ns NS] [--warmup N] [--server-cpu N] [--client-cpu N] [--wait block|spin (shm)]\n"
        "                 [--deadline SECONDS]\n",
        stderr);
  exit(2);
}

static uint64_t whole_number(const char *text) {
  char *rest;
  uint64_t value = strtoull(text, &rest, 10);
  if (*text < '0' || *text > '9' || *rest != '\0') usage();
  return value;
}

static const struct transport *transport_named(const char *name) {
  static const struct transport *const all[] = {&uds_transport, &tcp_transport, &pmq_transport, &ring_transport, &slot_transport};
  for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
    if (strcmp(all[i]->name, name) == 0) return all[i];
  }
  usage();
}

static int is_second(const char *text, const char *first, const char *second) {
  if (strcmp(text, first) != 0 && strcmp(text, second) != 0) usage();
  return strcmp(text, second) == 0;
}

static void read_options(int argc, char **argv) {
  enum { MECHANISM, TEST, COUNT, SIZE, DELAY, WARMUP, SERVER_CPU, CLIENT_CPU, WAIT, DEADLINE };
  static const struct option names[] = {
      {"mechanism", 1, NULL, MECHANISM},   {"test", 1, NULL, TEST},
      {"count", 1, NULL, COUNT},           {"size", 1, NULL, SIZE},
      {"delay-ns", 1, NULL, DELAY},        {"warmup", 1, NULL, WARMUP},
      {"server-cpu", 1, NULL, SERVER_CPU}, {"client-cpu", 1, NULL, CLIENT_CPU},
      {"wait", 1, NULL, WAIT},             {"deadline", 1, NULL, DEADLINE},
      {NULL, 0, NULL, 0},
  };
  options.transport = &uds_transport;
  for (int option; (option = getopt_long(argc, argv, "", names, NULL)) != -1;) {
    switch (option) {
      case MECHANISM: options.transport = transport_named(optarg); break;
      case TEST: options.is_round_trip = is_second(optarg, "one-way", "round-trip"); break;
      case COUNT: options.count = whole_number(optarg); break;
      case SIZE: options.payload_bytes = whole_number(optarg); break;
      case DELAY: options.delay_ns = (int64_t)whole_number(optarg); break;
      case WARMUP: options.warmup_count = whole_number(optarg); break;
      case SERVER_CPU: options.server_cpu = (int)whole_number(optarg); break;
      case CLIENT_CPU: options.client_cpu = (int)whole_number(optarg); break;
      case WAIT: options.spin = is_second(optarg, "block", "spin"); break;
      case DEADLINE: options.deadline_s = (unsigned)whole_number(optarg); break;
      default: usage();
    }
  }
  if (optind != argc || options.count == 0) usage();
  if (options.spin && options.transport != &ring_transport) usage();
}

int main(int argc, char **argv) {
  read_options(argc, argv);
  size_t bytes = sizeof *results + options.count * sizeof results->latency_ns[0];
  results = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (results == MAP_FAILED) die("mmap");
  const int signals[] = {SIGALRM, SIGINT, SIGTERM, SIGHUP, SIGCHLD};
  for (size_t i = 0; i < sizeof signals / sizeof signals[0]; i++) signal(signals[i], end_early);
  alarm(options.deadline_s); /* ends the server with us */
  options.transport->create(options.payload_bytes, options.spin);

  pid_t client = getpid(), server = fork();
  if (server < 0) die("fork");
  if (server == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != client) _exit(1);
    become(options.server_cpu, !options.is_round_trip);
    run_server();
    _exit(0);
  }
  become(options.client_cpu, options.is_round_trip);
  run_client();
  int status;
  if (waitpid(server, &status, 0) != server || status != 0) die("the server failed");
  if (results->received != options.count) die("messages were lost");
  print_results();
  return 0;
}
