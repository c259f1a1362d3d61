package trivium.jdkcompat.internal;

import java.lang.classfile.ClassFile;
import java.lang.classfile.ClassHierarchyResolver;
import java.lang.classfile.ClassTransform;
import java.lang.classfile.CodeBuilder;
import java.lang.classfile.CodeElement;
import java.lang.classfile.CodeTransform;
import java.lang.classfile.Label;
import java.lang.classfile.MethodModel;
import java.lang.constant.ClassDesc;
import java.lang.constant.MethodTypeDesc;
import org.osgi.framework.hooks.weaving.WeavingHook;
import org.osgi.framework.hooks.weaving.WovenClass;

/**
 * Lets {@code help COMMAND} work in a session without a terminal, as a script's over ssh is: Karaf
 * runs the command in a session within that one, whose {@code getTerminal} wraps a null that nobody
 * expects. From now on it is null itself.
 */
final class TerminalWeaver implements WeavingHook {
    static final String SESSION = "org.apache.karaf.shell.impl.console.HeadlessSessionImpl";
    private static final String API = "org.apache.karaf.shell.api.console";
    private static final ClassDesc SELF = ClassDesc.of(SESSION);
    private static final ClassDesc PARENT = ClassDesc.of(API, "Session");
    private static final MethodTypeDesc GET_TERMINAL =
            MethodTypeDesc.of(ClassDesc.of(API, "Terminal"));

    @Override
    public void weave(WovenClass woven) {
        if (woven.getClassName().equals(SESSION)) {
            ClassLoader loader = woven.getBundleWiring().getClassLoader();
            woven.setBytes(rewrite(woven.getBytes(), loader));
        }
    }

    static byte[] rewrite(byte[] original, ClassLoader loader) {
        ClassHierarchyResolver hierarchy = SubjectWeaver.hierarchy(loader);
        ClassFile classFile = ClassFile.of(ClassFile.ClassHierarchyResolverOption.of(hierarchy));
        return classFile.transformClass(
                classFile.parse(original),
                ClassTransform.transformingMethodBodies(
                        TerminalWeaver::isGetTerminal, CodeTransform.ofStateful(AskParent::new)));
    }

    private static boolean isGetTerminal(MethodModel method) {
        return method.methodName().equalsString("getTerminal")
                && method.methodTypeSymbol().equals(GET_TERMINAL);
    }

    /** if (parent != null && parent.getTerminal() == null) return null; */
    private static final class AskParent implements CodeTransform {
        @Override
        public void atStart(CodeBuilder code) {
            Label asBefore = code.newLabel();
            code.aload(0).getfield(SELF, "parent", PARENT).ifnull(asBefore);
            code.aload(0).getfield(SELF, "parent", PARENT);
            code.invokeinterface(PARENT, "getTerminal", GET_TERMINAL).ifnonnull(asBefore);
            code.aconst_null().areturn().labelBinding(asBefore);
        }

        @Override
        public void accept(CodeBuilder code, CodeElement element) {
            code.with(element);
        }
    }
}
