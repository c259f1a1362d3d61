package trivium.hostos;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class ContentStoreTest {
    private static final int PAGE = 4096, PAGES = 64, MANY = 1000;

    private ContentStore store;
    private SharedMemory a, b;

    @BeforeAll
    static void whereThereIsMemfd() {
        assumeTrue(Memfd.available(), "no memfd on this host");
    }

    @BeforeEach
    void twoMemoriesWithEqualPages() throws IOException {
        store = new ContentStore("test");
        a = memory();
        b = memory();
        for (int page = 0; page < PAGES / 2; page++) {
            fill(a, page, page + 1);
            fill(b, page, page + 1);
        }
    }

    @AfterEach
    void close() {
        a.release();
        b.release();
        store.close();
    }

    private static SharedMemory memory() throws IOException {
        SharedMemory memory = SharedMemory.allocate("store-test", PAGES * PAGE);
        memory.makePrivate();
        return memory;
    }

    private static void fill(SharedMemory memory, int page, int value) {
        HostMemory.fill(memory.hva() + (long) page * PAGE, PAGE, (byte) value);
    }

    private static int at(SharedMemory memory, int page) {
        return HostMemory.getByte(memory.hva() + (long) page * PAGE + 17);
    }

    private void fillStore(int first, int pages) throws IOException {
        for (int i = first; i < first + pages; i++) {
            assertThat(store.fill(i, a.hva() + (long) i * PAGE)).isTrue();
        }
    }

    private List<Integer> collect(SharedMemory... members) throws IOException {
        List<Integer> freed = new ArrayList<>();
        store.collect(List.of(members), freed::add);
        return freed;
    }

    @Test
    void writingUnsharesExactlyThePageWritten() throws IOException {
        fillStore(0, 16);
        assertThat(a.merge(0, 16, store, 0, MANY)).isEqualTo(16);
        assertThat(b.merge(0, 16, store, 0, MANY)).isEqualTo(16);
        assertThat(a.usage()).isEqualTo(new SharedMemory.Usage(16 * PAGE, 16 * PAGE, 2));
        assertThat(store.seenBytes(List.of(a, b))).isEqualTo(32 * PAGE);

        fill(b, 5, 99);

        assertThat(at(a, 5)).isEqualTo(6);
        assertThat(at(b, 5)).isEqualTo(99);
        assertThat(b.usage()).isEqualTo(new SharedMemory.Usage(17 * PAGE, 15 * PAGE, 2));
        assertThat(a.usage()).isEqualTo(new SharedMemory.Usage(16 * PAGE, 16 * PAGE, 2));
        assertThat(SharedMemory.bytesTogether(List.of(a, b))).isEqualTo((16 + 17 + 16) * PAGE);
    }

    @Test
    void pagesThatDifferStayAsTheyAre() throws IOException {
        fillStore(0, 8);
        fill(b, 3, 77);

        assertThat(b.merge(0, 8, store, 0, MANY)).isEqualTo(7);

        assertThat(at(b, 3)).isEqualTo(77);
        assertThat(at(b, 4)).isEqualTo(5);
        fill(b, 3, 4); // equal again: nothing is mapped for that
        assertThat(b.merge(3, 1, store, 3, 0)).isEqualTo(1);
        assertThat(b.usage().sharedBytes()).isEqualTo(8 * PAGE);
        assertThat(at(b, 3)).isEqualTo(4);
    }

    @Test
    void slotsThatSomebodySeesStayAsTheyAre() throws IOException {
        fillStore(0, 1);
        fillStore(2, 1);
        b.merge(0, 3, store, 0, MANY); // slot 1 is empty and lies below a page of its own

        assertThat(store.fill(1, a.hva())).isFalse();
        assertThat(store.fill(0, a.hva())).isFalse();
        assertThat(store.fill(3, a.hva())).isTrue();
        assertThat(at(b, 1)).isEqualTo(2);
    }

    @Test
    void pagesThatNobodySeesAreFreed() throws IOException {
        fillStore(0, 8);
        a.merge(0, 8, store, 0, MANY);
        b.merge(0, 4, store, 0, MANY);
        fill(a, 2, 50);
        fill(a, 6, 60);
        assertThat(collect(a)).as("b is not told of").isEmpty();

        assertThat(collect(a, b)).containsExactly(6);

        assertThat(at(a, 6)).isEqualTo(60);
        assertThat(at(b, 2)).isEqualTo(3);
        assertThat(store.fill(6, a.hva())).as("it is still mapped").isFalse();
        a.release();
        assertThat(collect(a, b)).containsExactly(4, 5, 7);
        assertThat(store.fill(6, b.hva())).isTrue();
    }

    @Test
    void anImageKeepsWhatItSees() throws IOException {
        fillStore(0, 8);
        a.merge(0, 8, store, 0, MANY);
        MemoryImage image = a.freeze();
        for (int page = 0; page < 8; page++) {
            fill(a, page, 100);
        }

        assertThat(collect(a, b)).isEmpty();

        b.become(image);
        image.close();
        assertThat(collect(a, b)).isEmpty();
        assertThat(at(b, 7)).isEqualTo(8);
        assertThat(at(a, 7)).isEqualTo(100);
    }

    @Test
    void tooManyPiecesAreRefused() throws IOException {
        fillStore(0, 4);

        assertThat(a.merge(1, 2, store, 1, 2)).isZero();
        assertThat(a.merge(1, 2, store, 1, 3)).isEqualTo(2);
    }

    @Test
    void zerosAreGivenBack() throws IOException {
        fill(a, 10, 0);
        assertThat(a.usage().ownBytes()).isEqualTo(32 * PAGE);

        assertThat(a.dropZeros(9, 3)).isEqualTo(1);

        assertThat(a.usage().ownBytes()).isEqualTo(31 * PAGE);
        assertThat(at(a, 10)).isZero();
        assertThat(at(a, 9)).isEqualTo(10);
    }

    @Test
    void slotsAreKeptForMemoriesAndComeBack() {
        int first = store.reserve(1000), second = store.reserve(500);

        assertThat(second).isEqualTo(first + 1000);
        store.unreserve(first, 1000);
        assertThat(store.reserve(600)).isEqualTo(first);
        assertThat(store.reserve(1L << 30)).isEqualTo(-1);
    }
}
