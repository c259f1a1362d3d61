package trivium.cli.guests;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import trivium.cli.GuestVm;
import trivium.cpu.Support;
import trivium.hostos.ExecutableMemory;
import trivium.hostos.HostInfo;
import trivium.hostos.HostMemory;
import trivium.hostos.NativeCall;
import trivium.vm.Vm.Outcome;
import trivium.vt.VtEngine;

/** Guests on the VT engine, and moved to it and away while they run. */
@Timeout(value = 10, unit = TimeUnit.MINUTES)
class HardwareAssistTest {
    private static final int BOOT = 400, ANSWER = 60;
    private static final Pattern END = Pattern.compile("END (\\w+) ([0-9a-f]{8})");
    private static final ThreadMXBean THREADS = ManagementFactory.getThreadMXBean();
    private static final String PROMPT = "trivium#";
    private static final int ROUNDS = Integer.MIN_VALUE; // 2^31, as the loop counts

    @BeforeEach
    void kvmIsThere() {
        Support support = new VtEngine().supportOn(HostInfo.host());
        assumeTrue(support instanceof Support.Yes, support.toString());
    }

    @Test
    void linuxMovesToAndFroWhileItComputes() throws Exception {
        Object[] options = {
            "--engine",
            "bt",
            "--kernel",
            Guests.file("vmlinuz-amd64"),
            "--initrd",
            Guests.file("initrd-amd64.gz"),
            "--append",
            "console=ttyS0 cryptomgr.notests",
        };
        try (GuestVm guest = Guests.boot("linux-vt", options)) {
            guest.awaitSerial(PROMPT, BOOT);
            guest.send("printf '%s' >/c; chmod +x /c\n".formatted(escaped(program())));
            guest.send("/c; echo by-bt-$?\n");
            int expected = nativeResult();
            guest.awaitSerial("by-bt-" + expected, ANSWER);

            guest.vm().useEngine("vt");
            guest.send("echo begin-$((6 * 7)); /c; echo by-vt-$?\n");
            guest.awaitSerial("begin-42", ANSWER);
            long start = guest.vm().statistics().cpuNanos();
            guest.awaitSerial("by-vt-" + expected, ANSWER);
            double seconds = (guest.vm().statistics().cpuNanos() - start) / 1e9;
            long nativeStart = THREADS.getCurrentThreadCpuTime();
            nativeResult();
            double nativeSeconds = (THREADS.getCurrentThreadCpuTime() - nativeStart) / 1e9;
            System.out.printf(
                    "linux user compute under vt: %.2f s of CPU, native %.2f s: %.0f%%%n%s%n",
                    seconds,
                    nativeSeconds,
                    100 * nativeSeconds / seconds,
                    guest.vm().statistics().counters());

            guest.send("/c; echo on-the-way-$?\n");
            for (String engine : new String[] {"interpreter", "vt", "bt", "vt", "bt"}) {
                Thread.sleep(200);
                guest.vm().useEngine(engine);
            }
            guest.awaitSerial("on-the-way-" + expected, ANSWER);
            guest.send("poweroff\n");
            assertThat(guest.awaitEnd(ANSWER)).isEqualTo(new Outcome.PoweredOff("ACPI S5"));
            assertThat(guest.serial()).doesNotContain("segfault", "BUG", "Oops", "soft lockup");
        }
    }

    private static GuestVm bench(String name, String parts) throws Exception {
        Path kernel = Guests.bench("bench64.bin");
        return Guests.boot(
                name, "--engine", "vt", "--kernel", kernel, "--append", parts, "--debug-exit");
    }

    /** Ring 3 in KVM; what leaves it is done in software on hosts that emulate ring 0. */
    @Test
    void computesInRing3() throws Exception {
        try (GuestVm guest = bench("vt-user", "user compute")) {
            assertThat(guest.awaitEnd(600)).isEqualTo(new Outcome.DebugExit(0));

            Map<String, String> expected = new TreeMap<>();
            for (String line : Files.readAllLines(Guests.bench("expected.txt"))) {
                expected.put(line.split(" ")[0], line.split(" ")[1]);
            }
            expected.keySet().removeAll(Set.of("paging", "trap", "pio", "timer", "tick"));
            Map<String, String> printed = new TreeMap<>();
            END.matcher(guest.serial())
                    .results()
                    .forEach(end -> printed.put(end.group(1), end.group(2)));
            assertThat(printed).isEqualTo(expected);
            Map<String, Long> counters = guest.vm().statistics().counters();
            assertThat(counters.get("kvm-entries")).isPositive();
            assertThat(guest.serial()).contains("DONE").doesNotContain("FAIL", "SKIP");
        }
    }

    /** All the guest's code in KVM, from the first instruction on: real mode, devices, halts. */
    @Test
    void firmwareFindsThatThereIsNothingToBoot() throws Exception {
        System.setProperty("trivium.vt.scope", "all");
        try (GuestVm guest = Guests.boot("vt-seabios", "--engine", "vt", "--memory", "64")) {
            guest.awaitScreen("No bootable device", 300);

            Map<String, Long> counters = guest.vm().statistics().counters();
            assertThat(counters).containsKeys("kvm-exit-io", "kvm-exit-mmio", "kvm-exit-hlt");
            guest.vm().useEngine("interpreter");
            guest.vm().useEngine("vt");
            guest.vm().reset();
            guest.await("a reset", 60, () -> !guest.screen().contains("No bootable device"));
            guest.awaitScreen("No bootable device", 300);
        } finally {
            System.clearProperty("trivium.vt.scope");
        }
    }

    @Test
    void interruptsWakeFromHalts() throws Exception {
        System.setProperty("trivium.vt.scope", "all");
        try (GuestVm guest = bench("vt-timer", "timer")) {
            assertThat(guest.awaitEnd(300)).isEqualTo(new Outcome.DebugExit(0));
            assertThat(guest.serial()).contains("END timer 000007d0");
        } finally {
            System.clearProperty("trivium.vt.scope");
        }
    }

    /** MOV ECX, rounds; MOV EAX, 1; MOV R8, a; back: IMUL RAX, R8; ADD RAX, 11; DEC RCX; JNZ. */
    private static byte[] loop() {
        return ByteBuffer.allocate(37)
                .order(ByteOrder.LITTLE_ENDIAN)
                .put((byte) 0xb9)
                .putInt(ROUNDS)
                .put((byte) 0xb8)
                .putInt(1)
                .putShort((short) 0xb849)
                .putLong(6364136223846793005L)
                .putInt(0xc0af0f49)
                .putInt(0x0bc08348)
                .putInt(0x75c9ff48)
                .put((byte) 0xf3)
                .putInt(0x38e8c148) // SHR RAX, 56
                .array();
    }

    /** The loop as a program for 64-bit Linux, whose exit status is the result. */
    private static byte[] program() {
        byte[] code = loop();
        int headers = 64 + 56, size = headers + code.length + 9;
        long base = 0x40_0000;
        return ByteBuffer.allocate(size)
                .order(ByteOrder.LITTLE_ENDIAN)
                // System V ABI "ELF Header": x86-64, one loadable segment
                .putInt(0x464c457f)
                .putInt(0x00010102)
                .putLong(0)
                .putInt(0x003e0002)
                .putInt(1)
                .putLong(base + headers)
                .putLong(64)
                .putLong(0)
                .putInt(0)
                .putInt(56 << 16 | 64)
                .putInt(1)
                .putInt(0)
                .putInt(1)
                .putInt(5)
                .putLong(0)
                .putLong(base)
                .putLong(base)
                .putLong(size)
                .putLong(size)
                .putLong(4096)
                .put(code)
                .putShort((short) 0xc789) // MOV EDI, EAX
                .put((byte) 0xb8)
                .putInt(60)
                .putShort((short) 0x050f) // exit
                .array();
    }

    private static String escaped(byte[] bytes) {
        var text = new StringBuilder();
        for (byte b : bytes) {
            text.append("\\%03o".formatted(b & 0xff));
        }
        return text.toString();
    }

    private static int nativeResult() throws IOException {
        byte[] code = loop();
        var all = new ByteArrayOutputStream();
        all.writeBytes(code);
        all.write(0xc3);
        try (var memory = ExecutableMemory.allocate("loop", 4096)) {
            HostMemory.copy(all.toByteArray(), 0, memory.writable(), all.size());
            return (int) NativeCall.call(memory.executable(), 0) & 0xff;
        }
    }
}
