/* POSIX message queues, one per direction, of the system's default depth. */
#include <fcntl.h>
#include <mqueue.h>

#include "reference.h"

#define DEPTH 10

static mqd_t to_server, to_client, out, in;
static size_t message_bytes;
static struct frame *buffer;

static mqd_t create_queue(void) {
  struct mq_attr attributes = {.mq_maxmsg = DEPTH, .mq_msgsize = (long)message_bytes};
  remove_at_exit(mq_unlink, unique_name());
  mqd_t queue = mq_open(unique_name(), O_RDWR | O_CREAT | O_EXCL, 0600, &attributes);
  if (queue < 0) die("mq_open");
  mq_unlink(unique_name());
  remove_at_exit(NULL, NULL);
  return queue;
}

static void queue_create(size_t payload_bytes, int spin) {
  (void)spin;
  message_bytes = body_bytes(payload_bytes);
  buffer = allocate(frame_bytes(payload_bytes));
  to_server = create_queue();
  to_client = create_queue();
}

static void queue_join_as_server(void) {
  in = to_server;
  out = to_client;
}

static void queue_join_as_client(void) {
  in = to_client;
  out = to_server;
}

static void queue_send(const struct frame *frame) {
  if (mq_send(out, (const char *)&frame->id, frame->body_bytes, 0) != 0) die("mq_send");
}

static struct frame *queue_receive(int64_t *received_ns) {
  ssize_t bytes = mq_receive(in, (char *)&buffer->id, message_bytes, NULL);
  if (bytes < 0) die("mq_receive");
  *received_ns = now_ns();
  buffer->body_bytes = (uint32_t)bytes;
  return buffer;
}

const struct transport pmq_transport = {
    .name = "pmq",
    .create = queue_create,
    .join_as_server = queue_join_as_server,
    .join_as_client = queue_join_as_client,
    .send = queue_send,
    .receive = queue_receive,
};
