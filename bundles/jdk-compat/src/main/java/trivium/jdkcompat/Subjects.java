package trivium.jdkcompat;

import java.security.PrivilegedAction;
import java.security.PrivilegedActionException;
import java.security.PrivilegedExceptionAction;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletionException;
import javax.security.auth.Subject;

/**
 * On whose behalf a thread acts. Karaf was written for access control contexts, which a new thread
 * inherits; {@link Subject#current} alone is not inherited by the pool threads on which Gogo runs
 * pipelines, so the subject is kept in an inheritable thread local as well.
 */
public final class Subjects {
    private static final InheritableThreadLocal<Subject> INHERITED = new InheritableThreadLocal<>();

    private Subjects() {}

    /** In place of {@code Subject.getSubject(acc)}; null: nobody in particular. */
    public static Subject current() {
        Subject subject = Subject.current();
        return subject != null ? subject : INHERITED.get();
    }

    /** In place of {@code JaasHelper.doAs}. What the action throws comes out as it is. */
    public static <T> T doAs(Subject subject, PrivilegedAction<T> action) {
        try {
            return call(subject, action::run);
        } catch (RuntimeException | Error e) {
            throw e;
        } catch (Exception e) {
            throw new AssertionError("a PrivilegedAction threw a checked exception", e);
        }
    }

    /**
     * In place of {@code JaasHelper.doAs}.
     *
     * @throws PrivilegedActionException around a checked exception of the action
     */
    public static <T> T doAs(Subject subject, PrivilegedExceptionAction<T> action)
            throws PrivilegedActionException {
        try {
            return call(subject, action::run);
        } catch (RuntimeException | Error e) {
            throw e;
        } catch (Exception e) {
            throw new PrivilegedActionException(e);
        }
    }

    private static <T> T call(Subject subject, Callable<T> action) throws Exception {
        Subject before = INHERITED.get();
        INHERITED.set(subject);
        try {
            return Subject.callAs(subject, action);
        } catch (CompletionException e) {
            // callAs wraps every exception of the action, and nothing else
            if (e.getCause() instanceof Exception cause) {
                throw cause;
            }
            throw e;
        } finally {
            if (before == null) {
                INHERITED.remove();
            } else {
                INHERITED.set(before);
            }
        }
    }
}
