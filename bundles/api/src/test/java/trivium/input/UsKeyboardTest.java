package trivium.input;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class UsKeyboardTest {
    @ParameterizedTest
    @CsvSource({
        "ctrl-alt-del, 1d 38 e053 e0d3 b8 9d",
        "Ctrl+Alt+F2, 1d 38 3c bc b8 9d",
        "enter, 1c 9c",
        "a, 1e 9e",
        "A, 1e 9e",
        "shift-a, 2a 1e 9e aa",
        "ctrl--, 1d 0c 8c 9d",
        "-, 0c 8c",
        "?, 2a 35 b5 aa",
        "f12, 58 d8",
        "right, e04d e0cd",
        "pause, e11d45e19dc5",
        "alt-sysrq, 38 e037 e0b7 b8"
    })
    void pressesChordsAndReleasesThemInReverse(String keys, String expected) {
        assertThat(hex(UsKeyboard.chord(keys))).isEqualTo(expected);
    }

    @Test
    void typesTextWithShiftOnlyWhereNeeded() {
        assertThat(hex(UsKeyboard.text("aB1!\r\n")))
                .isEqualTo("1e 9e 2a 30 b0 aa 02 82 2a 02 82 aa 1c 9c");
    }

    @Test
    void hasAKeyForEveryPrintableAsciiCharacter() {
        for (int c = ' '; c < 0x7f; c++) {
            assertThat(UsKeyboard.forCharacter(c)).as("character %c", c).isPresent();
        }
    }

    @ParameterizedTest
    @CsvSource({"\\, 43, false", "|, 43, true", "`, 41, false", "\", 40, true", "m, 50, false"})
    void placesTheOuterKeysOfEachRow(String character, int code, boolean shift) {
        assertThat(UsKeyboard.forCharacter(character.charAt(0)))
                .contains(new UsKeyboard.Key(code, shift));
    }

    @Test
    void namesWhatItCannotType() {
        assertThatThrownBy(() -> UsKeyboard.text("naïve")).hasMessageContaining("U+00EF");
        assertThatThrownBy(() -> UsKeyboard.chord("ctrl-foo")).hasMessageContaining("'foo'");
    }

    @Test
    void sendingStopsWhenTheGuestNoLongerReads() throws InterruptedException {
        var taken = new ArrayList<byte[]>();
        KeyboardSink two =
                new KeyboardSink() {
                    @Override
                    public boolean scancodes(byte... set1) {
                        return taken.size() < 2 && taken.add(set1);
                    }

                    @Override
                    public int leds() {
                        return 0;
                    }
                };
        assertThat(UsKeyboard.send(two, UsKeyboard.text("ab"), Duration.ofMillis(5))).isEqualTo(2);
        assertThat(hex(taken)).isEqualTo("1e 9e");
    }

    private static String hex(List<byte[]> strokes) {
        return String.join(" ", strokes.stream().map(HexFormat.of()::formatHex).toList());
    }
}
