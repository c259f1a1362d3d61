#!/bin/sh
# Loops of what kernels do, natively on bt and vt and through the VMI ROM on vmi: a chart relative to bt on the terminal
# and as SVG. Usage: bench/vmi.sh [FILE.svg [ROUNDS]]; build first (mvn -pl bundles/engine-vmi -am test-compile).
set -e
cd "$(dirname "$0")/.."
classes=bundles/engine-vmi/target/classes:bundles/engine-vmi/target/test-classes
for module in api hostos x86 engine-bt engine-vt mmu-softtlb devices-pc machine; do
    classes=$classes:bundles/$module/target/classes
done
libraries=bundles/engine-vmi/target/bench.classpath
[ -f $libraries ] || mvn -q -pl bundles/engine-vmi -am test-compile dependency:build-classpath \
    -Dmdep.outputFile=target/bench.classpath -Dmdep.includeScope=test
exec java --enable-native-access=ALL-UNNAMED -Dorg.slf4j.simpleLogger.defaultLogLevel=warn \
    -cp "$classes:$(cat $libraries)" trivium.vmi.VmiBench "$@"
