package trivium.hostos;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

class MemoryImageTest {
    private static final int PAGE = 4096, PAGES = 512, BYTES = PAGES * PAGE;

    @BeforeAll
    static void whereThereIsMemfd() {
        assumeTrue(Memfd.available(), "no memfd on this host");
    }

    private static SharedMemory memory() throws IOException {
        return SharedMemory.allocate("image-test", BYTES);
    }

    private static byte[] content(SharedMemory memory) {
        return memory.segment().toArray(ValueLayout.JAVA_BYTE);
    }

    private static void put(SharedMemory memory, long at, int value) {
        memory.segment().set(ValueLayout.JAVA_BYTE, at, (byte) value);
    }

    private static int get(SharedMemory memory, long at) {
        return memory.segment().get(ValueLayout.JAVA_BYTE, at);
    }

    @Test
    void anotherMemoryBeginsWithTheImageAndBothGoTheirOwnWays() throws IOException {
        SharedMemory parent = memory(), child = memory();
        put(parent, 5 * PAGE, 1);
        put(parent, 7 * PAGE, 2);
        long hva = parent.hva();

        try (MemoryImage image = parent.freeze()) {
            child.become(image);
        }
        put(parent, 5 * PAGE, 11);
        put(child, 7 * PAGE, 22);

        assertThat(parent.hva()).isEqualTo(hva);
        assertThat(List.of(get(parent, 5 * PAGE), get(child, 5 * PAGE))).containsExactly(11, 1);
        assertThat(List.of(get(parent, 7 * PAGE), get(child, 7 * PAGE))).containsExactly(2, 22);
        parent.release();
        assertThat(List.of(get(child, 5 * PAGE), get(parent, 5 * PAGE))).containsExactly(1, 0);
        child.release();
    }

    @Test
    void othersCannotMapThePagesOnceTheyAreShared() throws IOException {
        SharedMemory memory = memory();
        assertThat(memory.fd()).isNotNegative();

        memory.freeze().close();

        assertThat(memory.fd()).isNegative();
        memory.release();
    }

    @Test
    void anImageStaysWhileWhatItWasTakenOfChanges() throws IOException {
        SharedMemory memory = memory(), later = memory();
        put(memory, 0, 1);
        MemoryImage first = memory.freeze();
        put(memory, 0, 2);
        MemoryImage second = memory.freeze();
        put(memory, 0, 3);
        memory.release();

        later.become(first);
        assertThat(get(later, 0)).isEqualTo(1);
        later.become(second);
        assertThat(get(later, 0)).isEqualTo(2);
        first.close();
        second.close();
        assertThat(get(later, 0)).isEqualTo(2);
        later.release();
    }

    /** Writes, images and memories made of images at random, against plain arrays. */
    @Test
    void contentsAreThoseOfArrays() throws IOException {
        Random random = new Random(5);
        List<SharedMemory> memories = new ArrayList<>(List.of(memory()));
        List<byte[]> expected = new ArrayList<>(List.of(new byte[BYTES]));
        for (int step = 0; step < 400; step++) {
            int who = random.nextInt(memories.size());
            if (random.nextInt(8) > 0) {
                scribble(random, memories.get(who).segment(), expected.get(who));
                continue;
            }
            try (MemoryImage image = memories.get(who).freeze()) {
                byte[] then = expected.get(who).clone();
                if (memories.size() < 6) {
                    memories.add(memory());
                    expected.add(null);
                }
                int into = random.nextInt(memories.size());
                into = expected.getLast() == null ? memories.size() - 1 : into;
                if (random.nextBoolean() || expected.getLast() == null) {
                    memories.get(into).become(image);
                    expected.set(into, then);
                }
            }
        }
        for (int i = 0; i < memories.size(); i++) {
            assertThat(content(memories.get(i))).isEqualTo(expected.get(i));
        }
        memories.forEach(SharedMemory::release);
    }

    private static void scribble(Random random, MemorySegment memory, byte[] expected) {
        for (int n = random.nextInt(60); n > 0; n--) {
            int at = random.nextInt(BYTES);
            byte value = (byte) random.nextInt();
            memory.set(ValueLayout.JAVA_BYTE, at, value);
            expected[at] = value;
        }
    }

    /** What many forks leave behind goes, though a page of each of them is still seen. */
    @Test
    void manyLayersBecomeFew() throws IOException {
        SharedMemory memory = memory();
        memory.freeze().close();
        for (int round = 0; round < 200; round++) {
            for (int page = 0; page < 100; page++) {
                put(memory, page * PAGE, round);
            }
            put(memory, (100 + round) * PAGE, round);
            memory.freeze().close();
        }

        assertThat(SharedMemory.bytesTogether(List.of(memory))).isLessThan(40 * 101 * PAGE);
        for (int round = 0; round < 200; round++) {
            assertThat(get(memory, (100 + round) * PAGE)).isEqualTo((byte) round);
        }
        assertThat(get(memory, 99 * PAGE)).isEqualTo((byte) 199);
        memory.release();
    }

    @Test
    void manyPiecesBecomeOne() throws IOException {
        SharedMemory memory = SharedMemory.allocate("pieces", 1L << 28);
        memory.freeze().close();
        int before = Mappings.used();
        for (int round = 0; round < 2; round++) {
            for (long at = round * 8L * PAGE; at < memory.sizeBytes(); at += 24 * PAGE) {
                put(memory, at, 1 + round);
            }
            memory.freeze().close();
        }

        MemoryImage image = memory.freeze();

        assertThat(image.mappings()).isLessThan(100);
        assertThat(Mappings.used()).isLessThan(before + 100);
        for (int round = 0; round < 2; round++) {
            for (long at = round * 8L * PAGE; at < memory.sizeBytes(); at += 24 * PAGE) {
                assertThat(get(memory, at)).isEqualTo(1 + round);
            }
        }
        image.close();
        memory.release();
        assertThat(Mappings.used()).isLessThan(before);
    }
}
