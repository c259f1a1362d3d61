package trivium.jdkcompat.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.InputStream;
import java.util.concurrent.Callable;
import org.apache.karaf.util.jaas.JaasHelper;
import org.junit.jupiter.api.Test;

class SubjectWeaverTest {
    @Test
    void unwovenClassesFail() {
        assertThatThrownBy(new SubjectUser()::call)
                .isInstanceOf(UnsupportedOperationException.class);
    }

    @Test
    void wovenClassesSeeTheSubjectAlsoInThreadsTheyStart() throws Exception {
        Object user =
                new WeavingLoader()
                        .loadClass(SubjectUser.class.getName())
                        .getDeclaredConstructor()
                        .newInstance();

        assertThat(((Callable<?>) user).call()).isEqualTo("nobody,admin,root,viewer,root,nobody");
    }

    @Test
    void leavesOtherClassesAlone() throws Exception {
        String name = SubjectWeaver.class.getName();

        // this one has the text "getSubject" in it but no such call
        assertThat(SubjectWeaver.rewrite(name, bytes(name), getClass().getClassLoader())).isEmpty();
    }

    private static byte[] bytes(String name) throws IOException {
        String file = "/" + name.replace('.', '/') + ".class";
        try (InputStream in = SubjectWeaverTest.class.getResourceAsStream(file)) {
            return in.readAllBytes();
        }
    }

    /** Defines the two test classes itself, woven, as a bundle's class loader would. */
    private static final class WeavingLoader extends ClassLoader {
        WeavingLoader() {
            super(SubjectWeaverTest.class.getClassLoader());
        }

        @Override
        protected Class<?> loadClass(String name, boolean resolve) throws ClassNotFoundException {
            if (!name.equals(SubjectUser.class.getName())
                    && !name.equals(JaasHelper.class.getName())) {
                return super.loadClass(name, resolve);
            }
            Class<?> loaded = findLoadedClass(name);
            return loaded != null ? loaded : define(name);
        }

        private Class<?> define(String name) throws ClassNotFoundException {
            try {
                byte[] woven = SubjectWeaver.rewrite(name, bytes(name), getParent()).orElseThrow();
                return defineClass(name, woven, 0, woven.length);
            } catch (IOException e) {
                throw new ClassNotFoundException(name, e);
            }
        }
    }
}
