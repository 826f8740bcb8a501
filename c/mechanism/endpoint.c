#include "mechanism/endpoint.h"

#include <errno.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#if defined(__linux__)
#include <mqueue.h>
#endif

#include "mechanism/channel.h"

static int32_t removed(int rc) { return rc == 0 || errno == ENOENT ? 0 : -errno; }

static const char *rooted(const char *endpoint, char name[ENDPOINT_BYTES + 2], const char *suffix) {
  snprintf(name, ENDPOINT_BYTES + 2, "%s%s%s", endpoint[0] == '/' ? "" : "/", endpoint, suffix);
  return name;
}

int32_t endpoint_remove(int32_t mechanism, const char *endpoint) {
  char name[ENDPOINT_BYTES + 2];
  switch ((enum mechanism)mechanism) {
    case MECHANISM_UDS: return removed(unlink(endpoint));
    case MECHANISM_SHM_RING:
    case MECHANISM_SHM_DIRECT: return removed(shm_unlink(rooted(endpoint, name, "")));
#if defined(__linux__)
    case MECHANISM_PMQ: {
      int32_t request = removed(mq_unlink(rooted(endpoint, name, "_req")));
      int32_t response = removed(mq_unlink(rooted(endpoint, name, "_resp")));
      return request != 0 ? request : response;
    }
#endif
    default: return 0;
  }
}
