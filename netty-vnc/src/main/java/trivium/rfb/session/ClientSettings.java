package trivium.rfb.session;

import java.util.HashSet;
import java.util.List;
import java.util.Set;
import trivium.rfb.encoding.EncoderSet;
import trivium.rfb.encoding.PixelWriter;
import trivium.rfb.protocol.Encodings;
import trivium.rfb.protocol.PixelFormat;

/**
 * What a viewer said it can do.
 *
 * @param preferred the first of its encodings that we have
 * @param level compression level, 0 to 9
 */
record ClientSettings(PixelWriter writer, Set<Integer> encodings, int preferred, int level) {
    private static final int DEFAULT_LEVEL = 2;

    static final ClientSettings INITIAL =
            new ClientSettings(
                    new PixelWriter(PixelFormat.NATURAL), Set.of(), Encodings.RAW, DEFAULT_LEVEL);

    ClientSettings with(PixelFormat format) {
        return new ClientSettings(new PixelWriter(format), encodings, preferred, level);
    }

    ClientSettings with(List<Integer> list) {
        int newPreferred =
                list.stream().filter(EncoderSet.KNOWN::contains).findFirst().orElse(Encodings.RAW);
        int newLevel =
                list.stream()
                        .filter(e -> Encodings.COMPRESS_LEVEL_0 <= e)
                        .filter(e -> e <= Encodings.COMPRESS_LEVEL_9)
                        .map(e -> e - Encodings.COMPRESS_LEVEL_0)
                        .findFirst()
                        .orElse(DEFAULT_LEVEL);
        return new ClientSettings(writer, Set.copyOf(new HashSet<>(list)), newPreferred, newLevel);
    }

    boolean supports(int encoding) {
        return encodings.contains(encoding);
    }

    boolean resizable() {
        return supports(Encodings.DESKTOP_SIZE) || supports(Encodings.EXTENDED_DESKTOP_SIZE);
    }
}
