package trivium.cli.guests;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import trivium.hostos.HostInfo;
import trivium.vm.Vm;

/** What VMs cost the whole process, in processes of their own with the appliance's flags. */
@Timeout(value = 20, unit = TimeUnit.MINUTES)
class ForkProcessTest {
    private static final int FORKS = 50, VMS = 3, QUIET_SECONDS = 15;

    /** As bin/setenv has them, but for the interval: that is a minute there. */
    private static final List<String> FLAGS =
            List.of(
                    "--enable-native-access=ALL-UNNAMED",
                    "--sun-misc-unsafe-memory-access=allow",
                    "-XX:+UseCompactObjectHeaders",
                    "-XX:MinHeapFreeRatio=10",
                    "-XX:MaxHeapFreeRatio=30",
                    "-XX:G1PeriodicGCInterval=5000");

    @Test
    void aVmWithFiftyForksCostsTheHostLessThanThreeVms() throws Exception {
        Guests.onlyIfAllAreAskedFor("four minutes");
        Guests.file("vmlinuz-amd64");
        long forks = measured("forks"), vms = measured("vms");
        System.out.printf(
                "whole process: a Linux and %d forks %d MiB, %d Linuxes %d MiB%n",
                FORKS, forks, VMS, vms);
        assertThat(forks).isLessThan(vms);
    }

    /** MiB. */
    private static long measured(String what) throws Exception {
        List<String> line = new ArrayList<>(FLAGS);
        line.addFirst(Path.of(System.getProperty("java.home"), "bin/java").toString());
        line.addAll(List.of("-cp", System.getProperty("java.class.path"), Measured.class.getName()));
        line.add(what);
        Process process = new ProcessBuilder(line).redirectErrorStream(true).start();
        process.getOutputStream().close();
        String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor()).as(said).isZero();
        return Long.parseLong(said.strip().replaceAll("(?s).*MiB ", ""));
    }

    /** The process that is measured; each VM runs a command of its shell. */
    public static final class Measured {
        private Measured() {}

        /**
         * @param args "forks" or "vms"
         */
        public static void main(String[] args) throws Exception {
            try (LinuxVms linux = new LinuxVms()) {
                Vm parent = linux.boot("parent");
                List<Vm> all = new ArrayList<>(List.of(parent));
                if (args[0].equals("forks")) {
                    for (int i = 0; i < FORKS; i++) {
                        all.add(linux.vms.fork("parent", Optional.empty()));
                    }
                } else {
                    while (all.size() < VMS) {
                        all.add(linux.boot("more" + all.size()));
                    }
                }
                for (Vm vm : all) {
                    LinuxVms.type(vm, "echo answer:$((6 * 7))\n");
                }
                for (Vm vm : all) {
                    LinuxVms.awaitText(vm, LinuxVms.ANSWER, "answer:42\r\n");
                }
                Thread.sleep(QUIET_SECONDS * 1000);
                System.out.println("MiB " + (HostInfo.processBytes() >> 20));
            }
        }
    }
}
