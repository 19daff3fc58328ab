# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# catalog: the path of a SkyPilot catalog of 56,671 rows in $CATALOG: the real one of azure from
# $CPTOOLS_TEST_DATA or beside the source tree, else one that is made up in its shape: 1,432 types in
# up to 60 regions, every second row with a surplus field, 5 % with accelerators.
catalog() {
  local folder
  for folder in "${CPTOOLS_TEST_DATA:-}" "$CP_SOURCE/../shared/data" "$CP_SOURCE/../../shared/data"; do
    CATALOG=$folder/skypilot/azure/vms.csv
    [ -z "$folder" ] || [ ! -e "$CATALOG" ] || return 0
  done
  echo "# there is no skypilot/azure/vms.csv in \$CPTOOLS_TEST_DATA or ../shared/data: one is made up"
  CATALOG=$TESTDIR/work/vms.csv
  made_up_catalog >"$CATALOG"
}

made_up_catalog() {
  awk 'BEGIN {
    print "InstanceType,AcceleratorName,AcceleratorCount,vCPUs,MemoryGiB,GpuInfo,Price,SpotPrice,Region,Generation"
    for (row = 0; row < 56671; ++row) {
      type = int(row / 40); region = row % 40 + type % 20; cpus = 2 ^ (type % 8)
      gpu = type % 20 == 0 ? "A100,4" : ","
      printf "Standard_T%d_v%d,%s,%d,%d,,%.6g,%.6g,%sregion%d,V1%s\n", type, type % 6, gpu, cpus,
        cpus * (type % 3 + 2), cpus * 0.05 + type / 1e4, cpus * 0.01, region % 3 ? "us" : "asia",
        region, row % 2 ? ",V2" : ""
    }
  }'
}
