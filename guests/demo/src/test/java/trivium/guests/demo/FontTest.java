package trivium.guests.demo;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.HashSet;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class FontTest {
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void everyCharacterLooksDifferent(boolean bold) {
        byte[] glyphs = Font.glyphs(bold);
        Set<String> shapes = new HashSet<>();
        for (int g = 0; g < glyphs.length; g += Font.HEIGHT) {
            shapes.add(Arrays.toString(Arrays.copyOfRange(glyphs, g, g + Font.HEIGHT)));
        }
        assertThat(shapes).hasSize(Font.LAST - Font.FIRST + 1);
    }

    @Test
    void largeWordsAreFourTimesAsLargeAndSmooth() {
        byte[][] word = Font.large("Hi");
        assertThat(word).hasDimensions(4 * Font.HEIGHT, 4 * 2 * Font.WIDTH);
        Set<Byte> shares = new HashSet<>();
        for (byte[] row : word) {
            for (byte share : row) {
                shares.add(share);
            }
        }
        assertThat(shares).contains((byte) 0, (byte) 4).hasSizeGreaterThan(2);
        assertThat(shares).allMatch(share -> share >= 0 && share <= 4);
    }
}
