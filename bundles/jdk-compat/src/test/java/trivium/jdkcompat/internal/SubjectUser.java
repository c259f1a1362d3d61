package trivium.jdkcompat.internal;

import java.security.AccessController;
import java.security.PrivilegedAction;
import java.security.PrivilegedExceptionAction;
import java.util.concurrent.Callable;
import javax.security.auth.Subject;
import org.apache.karaf.util.jaas.JaasHelper;

/** Uses subjects as Karaf's classes do. */
public final class SubjectUser implements Callable<String> {
    /** With a branch after the call, so that the stack maps matter. */
    @SuppressWarnings("removal")
    private static String who() {
        Subject subject = Subject.getSubject(AccessController.getContext());
        if (subject == null || subject.getPrincipals().isEmpty()) {
            return "nobody";
        }
        return subject.getPrincipals().iterator().next().getName();
    }

    private static Subject user(String name) {
        Subject subject = new Subject();
        subject.getPrincipals().add(() -> name);
        return subject;
    }

    @Override
    public String call() throws Exception {
        String outside = who();
        PrivilegedAction<String> action = SubjectUser::who;
        String inside = JaasHelper.doAs(user("admin"), action);
        PrivilegedExceptionAction<String> nested =
                () -> {
                    String[] seen = new String[1];
                    Thread thread = new Thread(() -> seen[0] = who());
                    thread.start();
                    thread.join();
                    return seen[0] + "," + JaasHelper.doAs(user("viewer"), action) + "," + who();
                };
        return String.join(",", outside, inside, JaasHelper.doAs(user("root"), nested), who());
    }
}
