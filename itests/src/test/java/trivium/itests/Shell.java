package trivium.itests;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.security.PrivilegedExceptionAction;
import javax.security.auth.Subject;
import org.apache.karaf.jaas.boot.principal.RolePrincipal;
import org.apache.karaf.shell.api.console.Session;
import org.apache.karaf.shell.api.console.SessionFactory;
import trivium.jdkcompat.Subjects;

/** Types command lines into the container's shell as somebody with certain roles. */
final class Shell {
    private final SessionFactory sessions;
    private final Subject subject = new Subject();

    Shell(SessionFactory sessions, String... roles) {
        this.sessions = sessions;
        for (String role : roles) {
            subject.getPrincipals().add(new RolePrincipal(role));
        }
    }

    /** What it printed, without styles; an error of the command is thrown. */
    String run(String line) throws Exception {
        return run(line, "");
    }

    String run(String line, String keys) throws Exception {
        var out = new ByteArrayOutputStream();
        PrivilegedExceptionAction<Object> action =
                () -> {
                    var in = new ByteArrayInputStream(keys.getBytes(StandardCharsets.UTF_8));
                    var stream = new PrintStream(out, true, StandardCharsets.UTF_8);
                    Session session = sessions.create(in, stream, stream);
                    try {
                        return session.execute(line);
                    } finally {
                        session.close();
                    }
                };
        try {
            Subjects.doAs(subject, action);
        } catch (java.security.PrivilegedActionException e) {
            throw e.getException();
        }
        return out.toString(StandardCharsets.UTF_8).replaceAll("\u001b\\[[0-9;]*m", "");
    }

    /** The message of the error that a command line ends in. */
    String error(String line) {
        try {
            return "no error, but: " + run(line);
        } catch (Exception e) {
            return String.valueOf(e.getMessage());
        }
    }
}
