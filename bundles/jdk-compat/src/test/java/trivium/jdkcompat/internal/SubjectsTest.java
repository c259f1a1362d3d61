package trivium.jdkcompat.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.security.PrivilegedAction;
import java.security.PrivilegedActionException;
import java.security.PrivilegedExceptionAction;
import java.util.concurrent.CompletionException;
import javax.security.auth.Subject;
import org.junit.jupiter.api.Test;
import trivium.jdkcompat.Subjects;

class SubjectsTest {
    private final Subject subject = new Subject();

    @Test
    void passesRuntimeExceptionsAsTheyAre() {
        RuntimeException mine = new CompletionException("mine", new IOException());
        PrivilegedAction<Void> action =
                () -> {
                    throw mine;
                };

        assertThatThrownBy(() -> Subjects.doAs(subject, action)).isSameAs(mine);
        assertThat(Subjects.current()).isNull();
    }

    @Test
    void wrapsCheckedExceptionsAsSubjectDoAsDid() {
        IOException mine = new IOException("mine");
        PrivilegedExceptionAction<Void> action =
                () -> {
                    throw mine;
                };

        assertThatThrownBy(() -> Subjects.doAs(subject, action))
                .isInstanceOf(PrivilegedActionException.class)
                .hasCause(mine);
    }

    @Test
    void runsAsNobodyInsideSomebody() {
        PrivilegedAction<Subject> who = Subjects::current;
        PrivilegedAction<Subject> nobody = () -> Subjects.doAs(null, who);

        assertThat(Subjects.doAs(subject, nobody)).isNull();
    }
}
