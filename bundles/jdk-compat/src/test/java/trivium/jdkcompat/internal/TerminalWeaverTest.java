package trivium.jdkcompat.internal;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.InputStream;
import org.apache.karaf.shell.api.console.Session;
import org.apache.karaf.shell.api.console.Terminal;
import org.junit.jupiter.api.Test;

class TerminalWeaverTest {
    @Test
    void aSessionWithinOneWithoutATerminalHasNone() throws Exception {
        assertThat(within(null).getTerminal()).isNull();
        assertThat(within(() -> null).getTerminal()).isNull();
    }

    @Test
    void aTerminalOfTheOuterSessionIsSeen() throws Exception {
        assertThat(within(() -> new Terminal() {}).getTerminal()).isNotNull();
    }

    private static Session within(Session outer) throws Exception {
        String file = "/" + TerminalWeaver.SESSION.replace('.', '/') + ".class";
        ClassLoader loader = TerminalWeaverTest.class.getClassLoader();
        try (InputStream in = TerminalWeaverTest.class.getResourceAsStream(file)) {
            byte[] woven = TerminalWeaver.rewrite(in.readAllBytes(), loader);
            var type =
                    new ClassLoader(loader) {
                        Class<?> define() {
                            return defineClass(TerminalWeaver.SESSION, woven, 0, woven.length);
                        }
                    }.define();
            return (Session) type.getConstructor(Session.class).newInstance(outer);
        }
    }
}
