package trivium.rfb.session;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import trivium.rfb.encoding.PixelBlock;
import trivium.rfb.protocol.Rect;

class ClientPictureTest {
    private static final int WIDTH = 333, HEIGHT = 211;

    private final ClientPicture picture = new ClientPicture();
    private final int[] screen = new int[WIDTH * HEIGHT];

    ClientPictureTest() {
        picture.resize(WIDTH, HEIGHT);
    }

    private void takeAll() {
        picture.take(screen, picture.bounds());
    }

    @Test
    void knowsNothingAtFirst() {
        int pixels =
                picture.difference(screen, picture.bounds()).stream()
                        .mapToInt(r -> r.width() * r.height())
                        .sum();
        assertThat(pixels).isEqualTo(WIDTH * HEIGHT);
    }

    @Test
    void findsExactlyOnePixel() {
        takeAll();
        screen[100 * WIDTH + 332] = 1;
        assertThat(picture.difference(screen, picture.bounds()))
                .containsExactly(new Rect(332, 100, 1, 1));
        assertThat(picture.difference(screen, new Rect(0, 0, 332, HEIGHT))).isEmpty();
    }

    @Test
    void coversEveryDifferenceOnceAndNothingOutsideTheArea() {
        var random = new Random(3);
        for (int round = 0; round < 300; round++) {
            takeAll();
            for (int i = random.nextInt(40); i > 0; i--) {
                screen[random.nextInt(screen.length)] ^= 1 + random.nextInt(255);
            }
            int x = random.nextInt(WIDTH - 1);
            int y = random.nextInt(HEIGHT - 1);
            var area =
                    new Rect(x, y, 1 + random.nextInt(WIDTH - x), 1 + random.nextInt(HEIGHT - y));
            List<Rect> damage = picture.difference(screen, area);
            int[] covered = new int[screen.length];
            for (Rect r : damage) {
                assertThat(r.union(area)).isEqualTo(area);
                for (int row = r.y(); row < r.bottom(); row++) {
                    for (int column = r.x(); column < r.right(); column++) {
                        covered[row * WIDTH + column]++;
                    }
                }
            }
            assertThat(wrong(covered, area)).isEmpty();
        }
    }

    /** Pixels that are covered twice, or differ within the area and are not covered. */
    private List<Integer> wrong(int[] covered, Rect area) {
        var wrong = new ArrayList<Integer>();
        for (int i = 0; i < screen.length; i++) {
            int x = i % WIDTH;
            int y = i / WIDTH;
            boolean inside =
                    x >= area.x() && x < area.right() && y >= area.y() && y < area.bottom();
            boolean missing = inside && screen[i] != picture.pixels()[i] && covered[i] == 0;
            if (covered[i] > 1 || missing) {
                wrong.add(i);
            }
        }
        return wrong;
    }

    @Test
    void splitsWhatIsTooLargeToEncode() {
        picture.resize(4096, 300);
        var damage = picture.difference(new int[4096 * 300], picture.bounds());
        assertThat(damage)
                .allMatch(r -> r.width() <= PixelBlock.MAX_WIDTH)
                .allMatch(r -> r.width() * r.height() <= PixelBlock.MAX_PIXELS);
    }

    /** Lines of text, each different. */
    private static int[] text(int firstLine) {
        int[] pixels = new int[WIDTH * HEIGHT];
        for (int y = 0; y < HEIGHT; y++) {
            var random = new Random((y + firstLine * 16L) / 16);
            for (int x = 0; x < WIDTH; x++) {
                pixels[y * WIDTH + x] = random.nextInt() >> y % 16 & 1;
            }
        }
        return pixels;
    }

    private static void check(int before, int after, int distance) {
        var client = new ClientPicture();
        client.resize(WIDTH, HEIGHT);
        client.take(text(before), client.bounds());
        int[] now = text(after);
        var damage = client.difference(now, client.bounds());
        var move = ScrollFinder.find(client, now, damage).orElseThrow();
        assertThat(move.distance()).isEqualTo(distance);
        assertThat(move.area().height()).isGreaterThan(HEIGHT - 2 * Math.abs(distance));
        client.scroll(move.area(), distance);
        for (Rect r : client.difference(now, client.bounds())) {
            assertThat(r.height()).isLessThanOrEqualTo(Math.abs(distance) + 16);
            client.take(now, r);
        }
        assertThat(client.pixels()).isEqualTo(now);
    }

    @Test
    void findsTextThatMoved() {
        check(10, 11, 16);
        check(10, 12, 32);
        check(11, 10, -16);
    }

    @Test
    void findsNoMovementWhereThereIsNone() {
        var random = new Random(5);
        var damage = new ArrayList<Rect>();
        takeAll();
        damage.add(picture.bounds());
        assertThat(ScrollFinder.find(picture, screen, damage)).isEmpty();
        for (int i = 0; i < screen.length; i++) {
            screen[i] = random.nextInt(1 << 24);
        }
        assertThat(ScrollFinder.find(picture, screen, damage)).isEmpty();
    }

    @Test
    void neverCopiesWhatTheViewerMayNotHave() {
        int[] now = text(11);
        picture.take(text(10), picture.bounds());
        picture.forget(new Rect(50, 0, 1, HEIGHT)); // part of each row is unknown
        assertThat(ScrollFinder.find(picture, now, picture.difference(now, picture.bounds())))
                .isEmpty();
    }
}
