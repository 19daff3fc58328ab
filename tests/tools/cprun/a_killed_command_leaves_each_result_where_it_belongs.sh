#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The job itself kills the command that follows it, before that can have written down more than that
# the job is to begin.
. "$CP_SOURCE/tests/tools/harness.sh"
mkdir here
cd here
echo mine >o

# Runs the job of WORDS and kills its command from inside of it.
killed_run() {
  rm -f ../pid
  (
    sh -c 'echo $$ >../pid && exec cprun run -q --no-agent "$@" -- \
      sh -c "kill -9 \$(cat \"$PWD/../pid\"); echo of the job >o"' sh "$@" || true
  ) 2>/dev/null
}
has_ended() { ls "$CP_STATE_DIR/jobs/"*/ended; }

it "takes what goes out from the job's directory, not from that of whoever goes on"
killed_run --stage-out o:res
wait_until has_ended >/dev/null
expect_status 0 cprun wait --no-agent
expect_json '.state == "COMPLETED" and .attempts[0].native_id != null'
expect_equal "of the job" "$(cat res)"
expect_equal mine "$(cat o)"

it "holds for the elements of an array and the agent"
killed_run --array 1-3%1 --stage-out o:results
expect_status 0 cprun wait
expect_json '$all | all(.state == "COMPLETED")'
expect_equal "of the job" "$(cat results)"
expect_equal mine "$(cat o)"
