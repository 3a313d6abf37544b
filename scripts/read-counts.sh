# To be sourced: reads the counts that a run of tests left.

# read_counts FILE: sets passed, failed and skipped from its line `N passed, N failed[, N skipped]`; 0, 1 and 0, and a status of 1,
# where there is no such line.
# shellcheck disable=SC2034
read_counts() {
  passed=0 failed=1 skipped=0
  [[ $(cat "$1" 2>/dev/null) =~ ^([0-9]+)\ passed,\ ([0-9]+)\ failed(,\ ([0-9]+)\ skipped)?$ ]] || return 1
  passed=${BASH_REMATCH[1]} failed=${BASH_REMATCH[2]} skipped=${BASH_REMATCH[4]:-0}
}
