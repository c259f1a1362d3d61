package trivium.console;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class JsonTest {
    @Test
    void writesValues() {
        assertThat(Json.write(Arrays.asList(1, 2L, -1.5, true, null, Double.NaN, Path.of("/a/b"))))
                .isEqualTo("[1, 2, -1.5, true, null, null, \"/a/b\"]");
        assertThat(Json.write(Json.object("b", Optional.of("x"), "a", Optional.empty())))
                .isEqualTo("{\"b\": \"x\", \"a\": null}");
        assertThat(Json.write(Map.of(7, List.of()))).isEqualTo("{\"7\": []}");
    }

    @Test
    void escapesWhatMustNotStandInAString() {
        assertThat(Json.write("a\"b\\c\n\t\u0000\u001b\u007f\u0085é€\ud83d\ude00\ud800"))
                .isEqualTo(
                        "\"a\\\"b\\\\c\\n\\u0009\\u0000\\u001b\\u007f\\u0085é€\\ud83d\\ude00\\ud800\"");
    }
}
