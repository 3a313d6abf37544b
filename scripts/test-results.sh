# To be sourced: what a run of tests left, its counts and the files that failed.

# read_counts FILE: sets passed, failed and skipped from its line `N passed, N failed[, N skipped]`; 0, 1 and 0, and a status of 1,
# where there is no such line.
# shellcheck disable=SC2034
read_counts() {
  passed=0 failed=1 skipped=0
  [[ $(cat "$1" 2>/dev/null) =~ ^([0-9]+)\ passed,\ ([0-9]+)\ failed(,\ ([0-9]+)\ skipped)?$ ]] || return 1
  passed=${BASH_REMATCH[1]} failed=${BASH_REMATCH[2]} skipped=${BASH_REMATCH[4]:-0}
}

# run_failed_again STATUS FILE: after a run of tests that ended with STATUS: the files in which something failed run once more, alone, and it
# is said. The counts of both go into FILE and to the output; the status is that of the last run.
# shellcheck disable=SC2086
run_failed_again() {
  local status=$1 again passed failed skipped first_passed first_failed first_skipped rest=
  read_counts .cache/test-counts
  if [ "$status" -ne 0 ] && [ -s .cache/test-failed-files ]; then
    again=$(tr '\n' ' ' < .cache/test-failed-files)
    echo "a second run, alone: $again"
    first_passed=$passed first_failed=$failed first_skipped=$skipped
    scripts/test.sh $again
    status=$?
    read_counts .cache/test-counts
    [ "$status" -ne 0 ] || echo "$first_failed failed at first and passed alone: $again"
    passed=$((first_passed + first_failed - failed)) skipped=$first_skipped
  fi
  if ((skipped > 0)); then rest=", $skipped skipped"; fi
  echo "$passed passed, $failed failed$rest" | tee "$2"
  return "$status"
}
