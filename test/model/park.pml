/*
 * The park protocol of c/plat/park.h on a machine whose stores become visible late, for exhaustive exploration by spin. Each
 * inline below has the name and the steps of its function in c/plat/park_steps.h, c/linux/park.c or c/mechanism/.
 * test/model/park.slow.test.ts says how it is run, and which weakened variants must fail.
 *
 * A lost wake-up is a deadlock here: nobody's sleep has an end of its own, only two may end early (early_ends).
 *
 * The machine. Each thread has a queue of stores that are on their way; Memory lets them arrive, at any time.
 *   store release    goes into the queue. Stores of one thread arrive in their order
 *   store seq_cst    the same, but marked
 *   load acquire     reads the memory at once, whatever is on its way: as LDAPR on arm64, or any load on x86
 *   load seq_cst     first waits until none of its thread's seq_cst stores is on its way: as LDAR, or x86 after XCHG
 *   exchange         reads and writes the memory at once. With release it first waits for all stores of its thread
 * So a release store may be passed by later loads, and a seq_cst store by acquire loads, as C11 allows. Loads stay in order: none
 * is weaker than acquire. What else C11 would allow to relaxed exchanges (later loads that pass them) is left out.
 */

/* The four orders that the protocol needs, and those of the other stores and looks. A variant overrides one of them. */
#define release 0
#define acquire 0
#define seq_cst 1
#ifndef PUBLISH
#define PUBLISH seq_cst /* tail, or head: publish_tail, publish_head */
#endif
#ifndef LEAVE
#define LEAVE seq_cst /* closed: shm_object_leave */
#endif
#ifndef LOOK_AT_WAITING
#define LOOK_AT_WAITING seq_cst /* park_wake */
#endif
#ifndef ANNOUNCE
#define ANNOUNCE seq_cst /* park_sleep */
#endif
#ifndef LOOK_AGAIN_AT_TAIL
#define LOOK_AGAIN_AT_TAIL seq_cst /* reader_ready; the same for writer_ready and `head` */
#endif
#ifndef LOOK_AGAIN_AT_CLOSED
#define LOOK_AGAIN_AT_CLOSED seq_cst /* shm_object_look_again_left */
#endif

#ifndef MESSAGES
#define MESSAGES 2
#endif

/* ---- the machine ---- */

#define THREADS 3
#define SLEEPER 0
#define PUBLISHER 1
#define CANCELLER 2

#define WORDS 6
#define LOCK 0
#define WAITING 1
#define SIGNALS 2
#define TAIL 3 /* with UNDER_LOCK the slot's `full`, counted on instead of cleared */
#define CLOSED 4
#define CANCELLED 5

byte memory[WORDS];
chan on_its_way[THREADS] = [3] of { byte, byte, bit }; /* word, value, whether seq_cst */
byte stores_to[18];       /* on their way, by thread and word: THREADS * WORDS */
byte ordered[THREADS];    /* seq_cst stores on their way */
byte early_ends = 2;      /* waits that may still end early: by a tick, a signal, or a lock that is held for a whole slice */

#define arrived(word) (stores_to[me * WORDS + word] == 0)

inline store(word, value, order) {
  atomic {
    stores_to[me * WORDS + word]++;
    ordered[me] = ordered[me] + order;
    on_its_way[me]!word, value, order
  }
}

/* No thread here loads what it has just stored, so nothing needs to be forwarded. */
inline load(word, result, order) {
  atomic {
    (order == acquire || ordered[me] == 0);
    assert(arrived(word));
    result = memory[word]
  }
}

inline exchange_relaxed(word, value, result) {
  atomic { arrived(word); result = memory[word]; memory[word] = value }
}
#define exchange_acquire exchange_relaxed

inline exchange_release(word, value, result) {
  atomic { empty(on_its_way[me]); result = memory[word]; memory[word] = value }
}

proctype Memory(byte me) {
  byte word, value;
  bit order;
end:
  do
  :: atomic {
       on_its_way[me]?word, value, order ->
       memory[word] = value;
       stores_to[me * WORDS + word]--;
       ordered[me] = ordered[me] - order
     }
  od
}

/* ---- the kernel ---- */

byte sleeps_on[THREADS] = WORDS; /* a word; WORDS: awake */

/* FUTEX_WAIT: compares and goes to sleep in one step. */
inline futex_wait(word, while_equal) {
  atomic {
    if
    :: memory[word] == while_equal -> sleeps_on[me] = word
    :: else
    fi
  }
  if
  :: sleeps_on[me] == WORDS
  :: atomic { sleeps_on[me] != WORDS && early_ends > 0 -> early_ends--; sleeps_on[me] = WORDS }
  fi
}

/* FUTEX_WAKE of one thread, of those who sleep any. */
inline futex_wake(word) {
  atomic {
    if
    :: sleeps_on[0] == word -> sleeps_on[0] = WORDS
    :: sleeps_on[1] == word -> sleeps_on[1] = WORDS
    :: sleeps_on[2] == word -> sleeps_on[2] = WORDS
    :: else
    fi
  }
}

/* ---- c/linux/park.c: the lock ---- */

#define LOCK_FREE 0
#define LOCK_HELD 1
#define LOCK_AWAITED 2

/* locked = 0: it was held for the whole slice. */
inline park_lock(locked) {
  locked = 0;
  atomic {
    if
    :: memory[LOCK] == LOCK_FREE -> memory[LOCK] = LOCK_HELD; locked = 1
    :: else
    fi
  }
  if
  :: locked
  :: else -> lock_timed(locked)
  fi
}

inline lock_timed(locked) {
  do
  :: exchange_acquire(LOCK, LOCK_AWAITED, was);
     if
     :: was == LOCK_FREE -> locked = 1; break
     :: was != LOCK_FREE -> futex_wait(LOCK, LOCK_AWAITED)
     :: atomic { was != LOCK_FREE && early_ends > 0 -> early_ends--; break }
     fi
  od
}

inline park_unlock() {
  exchange_release(LOCK, LOCK_FREE, was);
  if
  :: was != LOCK_HELD -> futex_wake(LOCK)
  :: else
  fi
}

/* ---- c/linux/park.c: signalling; seq_cst, so it waits for all stores ---- */

inline park_signal() {
  atomic { empty(on_its_way[me]); memory[SIGNALS]++ }
  futex_wake(SIGNALS)
}

/* ---- c/plat/park_steps.h, c/plat/park.h ---- */

inline withdraw(was_there) { exchange_relaxed(WAITING, 0, was_there) }

/* With UNCANCELLABLE wish->cancelled is NULL, as in shm_accept. */
inline take_cancelled(taken) {
#ifdef UNCANCELLABLE
  taken = 0;
#else
  load(CANCELLED, taken, seq_cst);
#endif
  if
  :: taken -> exchange_release(CANCELLED, 0, taken)
  :: else
  fi
}

inline park_wake_sleeper() {
  park_lock(locked);
  withdraw(waiting);
  if
  :: locked -> park_unlock()
  :: else
  fi;
  if
  :: waiting -> park_signal()
  :: else
  fi
}

inline park_wake() {
  load(WAITING, waiting, LOOK_AT_WAITING);
  if
  :: waiting -> park_wake_sleeper()
  :: else
  fi
}

inline park_cancel() {
  store(CANCELLED, 1, seq_cst);
  park_lock(locked);
  withdraw(waiting);
  if
  :: locked -> park_unlock()
  :: else
  fi;
  park_signal()
}

/* ---- c/linux/park.c: sleeping. outcome: 0 look again, 1 cancelled ---- */

inline park_sleep(outcome) {
  outcome = 0;
  park_lock(locked);
  if
  :: !locked /* -EAGAIN: the caller comes back */
  :: locked ->
     load(SIGNALS, signals, seq_cst);
     store(WAITING, 1, ANNOUNCE);
     /* look_again */
     take_cancelled(outcome);
     ready = 0;
     if
     :: outcome
     :: else -> reader_ready(ready)
     fi;
     if
     :: outcome || ready -> withdraw(waiting)
     :: else
     fi;
     park_unlock();
     if
     :: outcome || ready
     :: else ->
        futex_wait(SIGNALS, signals);
        withdraw(waiting);
        take_cancelled(outcome)
     fi
  fi
}

/* ---- c/mechanism/ring.c; with UNDER_LOCK c/mechanism/direct.c ---- */

inline reader_ready(is_ready) {
  load(CLOSED, left, LOOK_AGAIN_AT_CLOSED);
  load(TAIL, tail, LOOK_AGAIN_AT_TAIL);
  is_ready = (tail != head || left)
}

/* publish_tail; `order` is release where the next message follows at once (owes_look). */
inline publish_tail(value, order) {
  store(TAIL, value, order);
  park_wake()
}

/* direct_try_send and hand_over. As there, without the lock nothing is sent: the caller tries again. */
inline hand_over(value, done) {
  done = 0;
#ifndef WITHOUT_LOCK
  park_lock(locked);
#else
  locked = 1;
#endif
  if
  :: !locked
  :: locked ->
     store(TAIL, value, release);
     withdraw(waiting); /* park_take_sleeper */
#ifndef WITHOUT_LOCK
     park_unlock();
#endif
     if
     :: waiting -> park_signal()
     :: else
     fi;
     done = 1
  fi
}

inline leave() {
  store(CLOSED, 1, LEAVE); /* shm_object_leave */
  park_wake()
}

proctype Publisher(byte me) {
  byte sent, was;
  bit locked, waiting, done;
  do
  :: sent == MESSAGES -> break
  :: sent < MESSAGES ->
#ifdef UNDER_LOCK
     hand_over(sent + 1, done);
     sent = sent + done
#else
     sent++;
     if
#ifdef PUTS_OFF
     :: sent < MESSAGES -> publish_tail(sent, release) /* more_follows */
#endif
     :: publish_tail(sent, PUBLISH)
     fi
#endif
  od;
#ifdef LEAVES
  leave()
#endif
}

bit was_cancelled;

/* ring_wait until all messages have come; where the peer leaves, until it has left. */
proctype Sleeper(byte me) {
  byte head, tail, signals, was;
  bit left, locked, waiting, ready, outcome;
  do
  :: load(TAIL, tail, acquire); /* find_bytes */
     if
     :: tail != head -> head = tail
     :: else ->
#ifndef LEAVES
        if
        :: head == MESSAGES -> break
        :: else
        fi;
#endif
        load(CLOSED, left, acquire); /* shm_object_peer_left */
        if
        :: left ->
           load(TAIL, tail, acquire);
           if
           :: tail != head -> head = tail
           :: else -> break
           fi
        :: else ->
           park_sleep(outcome);
           if
           :: outcome -> was_cancelled = 1; break
           :: else
           fi
        fi
     fi
  od;
  assert(head == MESSAGES || was_cancelled)
}

/* ring_wake, for waiter_close. */
proctype Canceller(byte me) {
  byte was;
  bit locked, waiting;
  park_cancel()
}

init {
  atomic {
    run Memory(SLEEPER);
    run Memory(PUBLISHER);
    run Memory(CANCELLER);
    run Sleeper(SLEEPER);
#ifndef ONLY_CANCELS
    run Publisher(PUBLISHER);
#endif
#ifdef CANCELS
    run Canceller(CANCELLER)
#endif
  }
}
