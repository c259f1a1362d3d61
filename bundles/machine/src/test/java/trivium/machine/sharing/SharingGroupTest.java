package trivium.machine.sharing;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import trivium.hostos.HostMemory;
import trivium.hostos.MemoryImage;
import trivium.hostos.SharedMemory;
import trivium.vm.MemoryReport;

@Timeout(60)
class SharingGroupTest {
    private static final int PAGE = 4096, PAGES = 512;

    private final List<SharedMemory> memories = new ArrayList<>();
    private SharingGroup group = group();

    private static SharingGroup group() {
        try {
            return new SharingGroup("test");
        } catch (IOException e) {
            throw new org.opentest4j.TestAbortedException("this host shares no memory", e);
        }
    }

    @AfterEach
    void close() {
        memories.forEach(SharedMemory::release);
        group.close();
    }

    private SharedMemory member(Member.Standstill standstill) throws IOException {
        SharedMemory memory = SharedMemory.allocate("sharing-test", PAGES * PAGE);
        memory.makePrivate();
        group.join(standstill, "vm" + memories.size(), memory);
        memories.add(memory);
        return memory;
    }

    private SharedMemory member() throws IOException {
        return member(work -> {
            work.run();
            return true;
        });
    }

    private static void put(SharedMemory memory, int page, long value) {
        HostMemory.putLong(memory.hva() + (long) page * PAGE + 8, value);
    }

    private static long get(SharedMemory memory, int page) {
        return HostMemory.getLong(memory.hva() + (long) page * PAGE + 8);
    }

    private void passes(int passes) throws IOException {
        for (int i = 0; i < passes; i++) {
            while (group.scan(100) > 0) {}
        }
    }

    @Test
    void equalPagesAreKeptOnceWhereverTheyAre() throws IOException {
        SharedMemory a = member(), b = member();
        for (int page = 0; page < 200; page++) {
            put(a, page, 1000 + page);
            put(b, page + 37, 1000 + page);
        }
        put(b, 400, 1);

        passes(3);

        MemoryReport.Group report = group.report();
        assertThat(report.storedBytes()).isEqualTo(200 * PAGE);
        assertThat(report.savedBytes()).isEqualTo(200 * PAGE);
        assertThat(report.vms()).containsExactly("vm0", "vm1");
        assertThat(report.pagesScanned()).isGreaterThanOrEqualTo(401);
        assertThat(b.usage().ownBytes()).isEqualTo(PAGE);
        assertThat(b.usage().mappings()).as("neighbours stay neighbours").isLessThan(12);
        put(a, 7, 5);
        assertThat(get(b, 44)).isEqualTo(1007);
        assertThat(a.usage().ownBytes()).isEqualTo(PAGE);
    }

    @Test
    void pagesThatChangeAreLeftAlone() throws IOException {
        SharedMemory a = member(), b = member();
        for (int pass = 1; pass < 5; pass++) {
            put(a, 0, pass);
            put(b, 0, pass);
            passes(1);
        }

        assertThat(group.report().storedBytes()).isZero();
    }

    @Test
    void equalPagesOfOneMemoryAreKeptOnceAndZerosNotAtAll() throws IOException {
        SharedMemory a = member();
        for (int page = 0; page < 50; page++) {
            put(a, page, 7);
            put(a, 100 + page, 1);
            put(a, 100 + page, 0);
        }

        passes(3);

        assertThat(group.report().storedBytes()).isEqualTo(PAGE);
        assertThat(a.usage().ownBytes()).isZero();
        assertThat(get(a, 33)).isEqualTo(7);
        assertThat(get(a, 133)).isZero();
    }

    @Test
    void aVmThatIsBusyIsLeftAlone() throws IOException {
        SharedMemory a = member(_ -> false), b = member(_ -> false);
        put(a, 0, 1);
        put(b, 0, 1);

        passes(4);

        assertThat(a.usage().ownBytes() + b.usage().ownBytes()).isEqualTo(2 * PAGE);
    }

    @Test
    void whatTheLastOneLeavesIsFreed() throws IOException {
        SharedMemory a = member(), b = member();
        put(a, 0, 1);
        put(b, 0, 1);
        passes(3);
        assertThat(group.report().storedBytes()).isEqualTo(PAGE);

        assertThat(group.leave("vm0")).isFalse();
        a.release();
        put(b, 0, 2);
        passes(1);

        assertThat(group.report().storedBytes()).isZero();
        assertThat(group.leave("vm1")).isTrue();
    }

    /** Memories are written, forked and given up while the group looks for equal pages. */
    @Test
    void noWriteIsLost() throws Exception {
        Object standstill = new Object();
        Member.Standstill still =
                work -> {
                    synchronized (standstill) {
                        work.run();
                    }
                    return true;
                };
        List<long[]> expected = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
            member(still);
            expected.add(new long[PAGES]);
        }
        AtomicBoolean over = new AtomicBoolean();
        Thread scanner =
                Thread.ofPlatform()
                        .start(() -> {
                            while (!over.get()) {
                                try {
                                    group.scan(64);
                                } catch (IOException e) {
                                    throw new java.io.UncheckedIOException(e);
                                }
                            }
                        });
        Random random = new Random(11);
        for (int step = 0; step < 3000; step++) {
            synchronized (standstill) {
                scribble(random, expected);
                if (step % 100 == 99) {
                    check(expected);
                }
                if (step % 150 == 149) {
                    int from = random.nextInt(4), to = random.nextInt(4);
                    try (MemoryImage image = memories.get(from).freeze()) {
                        memories.get(to).become(image);
                        expected.set(to, expected.get(from).clone());
                    }
                }
            }
            if (step % 10 == 0) {
                Thread.sleep(1);
            }
        }
        over.set(true);
        scanner.join();
        check(expected);
        passes(3);
        check(expected);
        assertThat(group.report().savedBytes()).isPositive();
    }

    /** Few values, so that many pages are equal. */
    private void scribble(Random random, List<long[]> expected) {
        for (int n = random.nextInt(40); n > 0; n--) {
            int who = random.nextInt(4), page = random.nextInt(PAGES);
            long value = random.nextInt(5);
            put(memories.get(who), page, value);
            expected.get(who)[page] = value;
        }
    }

    private void check(List<long[]> expected) {
        for (int who = 0; who < 4; who++) {
            long[] words = memories.get(who).segment().toArray(ValueLayout.JAVA_LONG);
            for (int page = 0; page < PAGES; page++) {
                assertThat(words[page * PAGE / 8 + 1])
                        .as("memory %d page %d", who, page)
                        .isEqualTo(expected.get(who)[page]);
                assertThat(words[page * PAGE / 8 + 100]).isZero();
            }
        }
    }
}
