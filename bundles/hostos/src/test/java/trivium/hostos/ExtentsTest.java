package trivium.hostos;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import trivium.hostos.Extents.Extent;

class ExtentsTest {
    private static final int SIZE = 64;

    @BeforeAll
    static void whereThereIsMemfd() {
        assumeTrue(Memfd.available(), "no memfd on this host");
    }

    private static Layer layer() throws IOException {
        Layer layer = new Layer(Memfd.create("extents", 4096));
        layer.retain();
        return layer;
    }

    @Test
    void replacingIsLikeAssigningToAnArray() throws IOException {
        Random random = new Random(1);
        Layer[] layers = {null, layer(), layer()};
        Extents extents = new Extents(SIZE);
        long[] what = new long[SIZE];
        for (int step = 0; step < 2000; step++) {
            int from = random.nextInt(SIZE), n = 1 + random.nextInt(SIZE - from);
            int which = random.nextInt(layers.length);
            int at = which == 0 ? 0 : from + random.nextInt(2);
            extents.replace(new Extent(from, n, layers[which], at));
            for (int i = 0; i < n; i++) {
                what[from + i] = which == 0 ? 0 : which * 1000L + at + i;
            }
            check(extents, what, Arrays.asList(layers));
        }
        extents.clear();
        for (int i = 1; i < layers.length; i++) {
            assertThat(layers[i].fd()).isNotNegative();
            layers[i].release();
            assertThat(layers[i].fd()).isNegative();
        }
    }

    private static void check(Extents extents, long[] what, List<Layer> layers) {
        long next = 0;
        int changes = 1;
        for (Extent extent : extents.list()) {
            assertThat(extent.offset()).isEqualTo(next);
            for (int i = 0; i < extent.length(); i++) {
                int which = layers.indexOf(extent.layer());
                long expected = which == 0 ? 0 : which * 1000L + extent.at() + i;
                assertThat(what[(int) next + i]).isEqualTo(expected);
            }
            next = extent.end();
        }
        assertThat(next).isEqualTo(SIZE);
        for (int i = 1; i < SIZE; i++) {
            boolean goesOn = what[i] == (what[i - 1] == 0 ? 0 : what[i - 1] + 1);
            changes += goesOn ? 0 : 1;
        }
        assertThat(extents.count()).isEqualTo(changes);
        for (Extent extent : extents.list()) {
            assertThat(extents.has(extent.part(extent.offset(), extent.end()))).isTrue();
            if (extent.end() < SIZE) {
                Extent longer =
                        new Extent(
                                extent.offset(), extent.length() + 1, extent.layer(), extent.at());
                assertThat(extents.has(longer)).isFalse();
            }
        }
    }
}
