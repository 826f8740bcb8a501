/* A C test is a program: CHECK as often as you like, from any thread, and return check_report() from main. */
#pragma once

#include <stdatomic.h>
#include <stdio.h>

static _Atomic long check_passed, check_failed;

#define CHECK(condition) check_that((condition) != 0, #condition, __FILE__, __LINE__)

/* The same for an integer, with what it is instead. */
#define CHECK_EQUAL(actual, expected) check_equal((long long)(actual), (long long)(expected), #actual, __FILE__, __LINE__)

static inline int check_that(int holds, const char *condition, const char *file, int line) {
  atomic_fetch_add(holds ? &check_passed : &check_failed, 1);
  if (!holds) fprintf(stderr, "%s:%d: not so: %s\n", file, line, condition);
  return holds;
}

static inline int check_equal(long long actual, long long expected, const char *what, const char *file, int line) {
  atomic_fetch_add(actual == expected ? &check_passed : &check_failed, 1);
  if (actual != expected) fprintf(stderr, "%s:%d: %s is %lld, not %lld\n", file, line, what, actual, expected);
  return actual == expected;
}

static inline int check_report(void) {
  printf("%ld passed, %ld failed\n", check_passed, check_failed);
  return check_failed != 0;
}
