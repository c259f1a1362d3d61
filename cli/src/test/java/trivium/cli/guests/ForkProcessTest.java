package trivium.cli.guests;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import trivium.hostos.HostInfo;
import trivium.vm.Vm;

/** What VMs cost the whole process, in processes of their own with the appliance's flags. */
@Timeout(value = 20, unit = TimeUnit.MINUTES)
class ForkProcessTest {
    private static final int FORKS = 50, VMS = 3, COLLECTIONS = 4;

    /**
     * As bin/setenv has them; there is a collection each idle minute, here when it is asked for.
     */
    private static final List<String> FLAGS =
            List.of(
                    "--enable-native-access=ALL-UNNAMED",
                    "--sun-misc-unsafe-memory-access=allow",
                    "-XX:+UseCompactObjectHeaders",
                    "-XX:MinHeapFreeRatio=10",
                    "-XX:MaxHeapFreeRatio=20");

    @Test
    void fiftyForksCostTheHostLessThanThreeVms() throws Exception {
        Guests.onlyIfAllAreAskedFor("some minutes");
        Guests.file("vmlinuz-amd64");
        long none = measured(0, 0), one = measured(1, 0);
        long vms = measured(VMS, 0), forks = measured(1, FORKS);
        System.out.printf(
                "whole process: without VM %d MiB, a Linux %d, %d Linuxes %d, a Linux and %d forks %d%n",
                none, one, VMS, vms, FORKS, forks);
        assertThat(forks - one).isLessThan(vms - none);
    }

    /** MiB. */
    private static long measured(int vms, int forks) throws Exception {
        List<String> line = new ArrayList<>(FLAGS);
        line.addFirst(Path.of(System.getProperty("java.home"), "bin/java").toString());
        line.addAll(
                List.of("-cp", System.getProperty("java.class.path"), Measured.class.getName()));
        line.addAll(List.of("" + vms, "" + forks));
        Process process = new ProcessBuilder(line).redirectErrorStream(true).start();
        process.getOutputStream().close();
        String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor()).as(said).isZero();
        Matcher figure = Pattern.compile("MiB (\\d+)").matcher(said);
        assertThat(figure.find()).as(said).isTrue();
        return Long.parseLong(figure.group(1));
    }

    /** The process that is measured; each VM runs a command of its shell. */
    public static final class Measured {
        private Measured() {}

        /** When what was left behind is collected and given back. */
        private static long least() throws InterruptedException {
            long least = Long.MAX_VALUE;
            for (int i = 0; i < COLLECTIONS; i++) {
                System.gc();
                Thread.sleep(2000);
                least = Math.min(least, HostInfo.processBytes());
            }
            return least;
        }

        /**
         * @param args how many VMs are booted, and how many forks the first one gets
         */
        public static void main(String[] args) throws Exception {
            List<Vm> all = new ArrayList<>();
            try (LinuxVms linux = new LinuxVms()) {
                for (int i = 0; i < Integer.parseInt(args[0]); i++) {
                    all.add(linux.boot("vm" + i));
                }
                for (int i = 0; i < Integer.parseInt(args[1]); i++) {
                    all.add(linux.vms.fork("vm0", Optional.empty()));
                }
                for (Vm vm : all) {
                    LinuxVms.type(vm, "echo answer:$((6 * 7))\n");
                }
                for (Vm vm : all) {
                    LinuxVms.awaitText(vm, LinuxVms.ANSWER, "answer:42\r\n");
                }
                System.out.println("MiB " + (least() >> 20));
            }
        }
    }
}
