package trivium.rfb.protocol;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.netty.buffer.Unpooled;
import io.netty.channel.embedded.EmbeddedChannel;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class LoginDecoderTest {
    private final LoginDecoder decoder = new LoginDecoder();
    private final EmbeddedChannel channel = new EmbeddedChannel(decoder);

    private void write(String text) {
        channel.writeInbound(
                Unpooled.copiedBuffer(text.replace("|", "\n"), StandardCharsets.ISO_8859_1));
    }

    @ParameterizedTest
    @CsvSource({
        "RFB 003.003|, 3",
        "RFB 003.004|, 3",
        "RFB 003.006|, 3",
        "RFB 003.007|, 7",
        "RFB 003.008|, 8",
        "RFB 003.016|, 8",
        "RFB 003.889|, 8"
    })
    void speaksTheNextVersionThatExists(String line, int minor) {
        write(line);
        assertThat(channel.<Object>readInbound()).isEqualTo(new LoginMessage.Version(minor));
    }

    @ParameterizedTest
    @ValueSource(strings = {"RFB 004.000|", "RFB 003.0x8|", "RFB 003.008 ", "GET / HTTP/1.1", "\0"})
    void refusesEverythingElse(String line) {
        assertThatThrownBy(() -> write(line)).isInstanceOf(ProtocolException.class);
    }

    @Test
    void takesTheResponseWholeAndIgnoresWhatItIsToldTo() {
        decoder.expect(LoginDecoder.State.VNC_RESPONSE);
        write("0123456789abcde");
        assertThat(channel.<Object>readInbound()).isNull();
        write("f");
        assertThat(channel.<Object>readInbound())
                .isInstanceOfSatisfying(
                        LoginMessage.VncResponse.class, r -> assertThat(r.response()).hasSize(16));
        decoder.expect(LoginDecoder.State.IGNORE);
        write("whatever comes");
        assertThat(channel.<Object>readInbound()).isNull();
    }
}
