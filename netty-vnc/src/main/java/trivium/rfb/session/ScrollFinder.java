package trivium.rfb.session;

import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Optional;
import trivium.rfb.protocol.Rect;

/**
 * Finds text that moved up or down, so that CopyRect can move it. Rows of the damaged area are
 * hashed; rows that occur once before and once now vote for a distance. The longest block that
 * moved by the winning distance is compared pixel by pixel before anybody believes it.
 */
final class ScrollFinder {
    private static final int MIN_ROWS = 32, MIN_WIDTH = 64;

    private ScrollFinder() {}

    /**
     * @param area where the rows go
     * @param distance they come from so many rows further down; negative: further up
     */
    record Move(Rect area, int distance) {}

    static Optional<Move> find(ClientPicture picture, int[] screen, List<Rect> damage) {
        Rect box = damage.stream().reduce(Rect.EMPTY, Rect::union);
        if (box.height() < 2 * MIN_ROWS || box.width() < MIN_WIDTH) {
            return Optional.empty();
        }
        int[] before = hashes(picture.pixels(), picture.width(), box);
        int[] now = hashes(screen, picture.width(), box);
        int distance = distance(before, now);
        return distance == 0 ? Optional.empty() : longest(picture, screen, box, distance);
    }

    private static int[] hashes(int[] pixels, int stride, Rect box) {
        int[] hashes = new int[box.height()];
        for (int y = 0; y < hashes.length; y++) {
            int at = (box.y() + y) * stride + box.x();
            int hash = 1;
            for (int x = 0; x < box.width(); x++) {
                hash = hash * 31 + pixels[at + x];
            }
            hashes[y] = hash;
        }
        return hashes;
    }

    /** The distance most rows moved by, or 0. */
    private static int distance(int[] before, int[] now) {
        var rows = new HashMap<Integer, Integer>();
        for (int y = 0; y < before.length; y++) {
            rows.merge(before[y], y, (a, b) -> -1); // more than one: no evidence
        }
        int[] votes = new int[2 * now.length];
        for (int y = 0; y < now.length; y++) {
            int from = rows.getOrDefault(now[y], -1);
            if (from >= 0 && from != y) {
                votes[from - y + now.length]++;
            }
        }
        int best = 0;
        for (int i = 1; i < votes.length; i++) {
            best = votes[i] > votes[best] ? i : best;
        }
        return votes[best] < MIN_ROWS / 4 ? 0 : best - now.length;
    }

    private static Optional<Move> longest(
            ClientPicture picture, int[] screen, Rect box, int distance) {
        int first = Math.max(box.y(), box.y() - distance);
        int end = Math.min(box.bottom(), box.bottom() - distance);
        int bestTop = 0;
        int bestRows = 0;
        for (int y = first, top = first; y < end; y++) {
            if (!moved(picture, screen, box, y, distance)) {
                top = y + 1;
            } else if (y + 1 - top > bestRows) {
                bestTop = top;
                bestRows = y + 1 - top;
            }
        }
        var area = new Rect(box.x(), bestTop, box.width(), bestRows);
        return bestRows < MIN_ROWS ? Optional.empty() : Optional.of(new Move(area, distance));
    }

    private static boolean moved(
            ClientPicture picture, int[] screen, Rect box, int y, int distance) {
        int to = y * picture.width() + box.x();
        int from = to + distance * picture.width();
        return Arrays.equals(
                picture.pixels(), from, from + box.width(), screen, to, to + box.width());
    }
}
