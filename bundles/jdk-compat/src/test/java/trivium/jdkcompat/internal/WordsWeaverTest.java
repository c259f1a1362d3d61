package trivium.jdkcompat.internal;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.InputStream;
import java.util.List;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;

class WordsWeaverTest {
    private static final UnaryOperator<List<Object>> REVERSING = List::reversed;

    private final Object preparator = woven();

    private boolean prepare(Object action, Object... words) throws Exception {
        return (boolean)
                preparator
                        .getClass()
                        .getMethod("prepare", Object.class, Object.class, List.class)
                        .invoke(preparator, action, null, List.of(words));
    }

    @Test
    void anActionMayReorderItsWords() throws Exception {
        assertThat(prepare(REVERSING, "a", "b")).isTrue();
        assertThat(preparator).hasToString("b a ");
    }

    @Test
    void otherActionsGetTheirWordsAsTheyAre() throws Exception {
        assertThat(prepare("some action", "a", "b")).isTrue();
        assertThat(preparator).hasToString("a b ");
        assertThat(prepare("some action")).isFalse();
    }

    private static Object woven() {
        String file = "/" + WordsWeaver.PREPARATOR.replace('.', '/') + ".class";
        ClassLoader loader = WordsWeaverTest.class.getClassLoader();
        try (InputStream in = WordsWeaverTest.class.getResourceAsStream(file)) {
            byte[] woven = WordsWeaver.rewrite(in.readAllBytes(), loader);
            return new ClassLoader(loader) {
                Class<?> define() {
                    return defineClass(WordsWeaver.PREPARATOR, woven, 0, woven.length);
                }
            }.define().getDeclaredConstructor().newInstance();
        } catch (Exception e) {
            throw new AssertionError(e);
        }
    }
}
