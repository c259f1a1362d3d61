package trivium.rfb.protocol;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.HexFormat;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class VncAuthTest {
    private static final byte[] CHALLENGE =
            HexFormat.of().parseHex("000102030405060708090a0b0c0d0e0f");

    @ParameterizedTest
    @CsvSource({
        "password, b866924125c8eebb9debc1db61c538e2",
        "passwordX, b866924125c8eebb9debc1db61c538e2",
        "abc, 9c22b4f2088c3465a1562c4b9d6edb04",
        "'', 491e890de9ace932838a49792f2213f3"
    })
    void answersAsOtherImplementationsDo(String password, String response) {
        byte[] expected = HexFormat.of().parseHex(response);
        assertThat(VncAuth.response(password, CHALLENGE)).isEqualTo(expected);
        assertThat(VncAuth.matches(password, CHALLENGE, expected)).isEqualTo(!password.isEmpty());
    }

    @Test
    void rejectsAnyOtherResponse() {
        byte[] response = VncAuth.response("password", CHALLENGE);
        for (int bit = 0; bit < 128; bit++) {
            byte[] wrong = response.clone();
            wrong[bit / 8] ^= (byte) (1 << bit % 8);
            assertThat(VncAuth.matches("password", CHALLENGE, wrong)).isFalse();
        }
        assertThat(VncAuth.matches("password", CHALLENGE, new byte[0])).isFalse();
    }

    @Test
    void asksSomethingElseEachTime() {
        assertThat(VncAuth.challenge()).hasSize(16).isNotEqualTo(VncAuth.challenge());
    }
}
