#include "session/waiter.h"

#include <errno.h>
#include <stdlib.h>

#include "plat/rt.h"
#include "plat/thread.h"
#include "session/state.h"

struct waiter {
  struct session *session;
  void (*callback)(int32_t);
  pthread_t thread;
  struct monitor monitor; /* of `task` and `closing` */
  enum waiter_task task;
  int64_t looked_ns; /* when a pause last looked at the peer */
  stop_flag closing;
};

static int sleep_towards_pause(struct waiter *waiter) {
  int64_t until_ns = waiter->session->pause.until_ns - PAUSE_LEAD_NS;
  while (!is_stopping(&waiter->closing)) {
    int64_t now_ns = clock_now_ns();
    int64_t left_ns = until_ns - now_ns;
    if (left_ns <= 0) return 0;
    int rc = left_ns < PEER_LOOK_ROOM_NS ? 0 : channel_watch_peer(waiter->session->channel, &waiter->looked_ns, now_ns);
    if (rc != 0) return rc;
    clock_sleep(left_ns < WAIT_SLICE_NS ? left_ns : WAIT_SLICE_NS);
    if (is_stopping(&waiter->session->ledgers.file->stop)) return -ECANCELED;
  }
  return -ECANCELED;
}

static int wait_for_channel(struct waiter *waiter, enum readiness readiness) {
  struct channel *channel = waiter->session->channel;
  int64_t silent_until_ns = clock_now_ns() + channel->silence_ns;
  while (!is_stopping(&waiter->closing)) {
    int rc = channel->ops->wait(channel, readiness, WAIT_SLICE_NS);
    if (rc != -EAGAIN) return rc;
    if (is_stopping(channel->stop)) return -ECANCELED;
    rc = channel_check_peer(channel);
    if (rc != 0) return rc;
    if (clock_now_ns() >= silent_until_ns) return -ETIMEDOUT;
  }
  return -ECANCELED;
}

/* As long as it takes: how long that may be is the caller's business. */
static int wait_for_client(struct waiter *waiter) {
  struct channel *channel = waiter->session->channel;
  while (!is_stopping(&waiter->closing)) {
    int rc = channel->ops->accept(channel, WAIT_SLICE_NS);
    if (rc != -EAGAIN) return rc;
    if (is_stopping(channel->stop)) return -ECANCELED;
  }
  return -ECANCELED;
}

static int run_task(struct waiter *waiter, enum waiter_task task) {
  switch (task) {
    case WAITER_PAUSE: return sleep_towards_pause(waiter);
    case WAITER_CLIENT: return wait_for_client(waiter);
    default: return wait_for_channel(waiter, (enum readiness)task);
  }
}

static enum waiter_task next_task(struct waiter *waiter) {
  monitor_enter(&waiter->monitor);
  while (waiter->task == WAITER_IDLE && !is_stopping(&waiter->closing)) monitor_wait(&waiter->monitor);
  enum waiter_task task = waiter->task;
  waiter->task = WAITER_IDLE;
  monitor_leave(&waiter->monitor);
  return task;
}

static void *run(void *argument) {
  struct waiter *waiter = argument;
  rt_follow_fifo();
  for (;;) {
    enum waiter_task task = next_task(waiter);
    if (is_stopping(&waiter->closing)) return NULL;
    int rc = run_task(waiter, task);
    if (is_stopping(&waiter->closing)) return NULL;
    waiter->callback(rc);
  }
}

struct waiter *waiter_open(struct session *session, void (*callback)(int32_t)) {
  struct waiter *waiter = calloc(1, sizeof *waiter);
  if (waiter == NULL) return NULL;
  waiter->session = session;
  waiter->callback = callback;
  waiter->task = WAITER_IDLE;
  monitor_open(&waiter->monitor);
  if (thread_start(&waiter->thread, run, waiter) == 0) return waiter;
  free(waiter);
  return NULL;
}

void waiter_arm(struct waiter *waiter, int32_t task) {
  monitor_enter(&waiter->monitor);
  waiter->task = (enum waiter_task)task;
  monitor_leave(&waiter->monitor);
  monitor_tell(&waiter->monitor);
}

void waiter_close(struct waiter *waiter) {
  struct channel *channel = waiter->session->channel;
  monitor_enter(&waiter->monitor);
  atomic_store(&waiter->closing, 1);
  monitor_leave(&waiter->monitor);
  monitor_tell(&waiter->monitor);
  /* After the store: a wait that this ends, or the next one, returns to a thread that sees `closing`. */
  if (channel->ops->wake != NULL) channel->ops->wake(channel);
  thread_join(waiter->thread);
  monitor_close(&waiter->monitor);
  free(waiter);
}
