package trivium.jdkcompat.internal;

import java.lang.classfile.ClassFile;
import java.lang.classfile.ClassHierarchyResolver;
import java.lang.classfile.ClassHierarchyResolver.ClassHierarchyInfo;
import java.lang.classfile.ClassModel;
import java.lang.classfile.ClassTransform;
import java.lang.classfile.CodeBuilder;
import java.lang.classfile.CodeElement;
import java.lang.classfile.CodeModel;
import java.lang.classfile.CodeTransform;
import java.lang.classfile.MethodModel;
import java.lang.classfile.instruction.InvokeInstruction;
import java.lang.constant.ClassDesc;
import java.lang.constant.ConstantDescs;
import java.lang.constant.MethodTypeDesc;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import org.osgi.framework.hooks.weaving.WeavingHook;
import org.osgi.framework.hooks.weaving.WovenClass;
import trivium.jdkcompat.Subjects;

/**
 * Rewrites bundle classes that use what JDK 24 disabled with the security manager (JEP 486):
 *
 * <ul>
 *   <li>each call of {@code Subject.getSubject(acc)} becomes {@link Subjects#current};
 *   <li>the bodies of both {@code JaasHelper.doAs} (Karaf puts a copy of that class into several
 *       bundles) become calls of {@link Subjects#doAs}: the original binds a subject to an access
 *       control context only, which nothing reads any more, so that an administrator would silently
 *       lose all rights.
 * </ul>
 *
 * Classes loaded before this hook, and those of the JDK and the class path, stay as they are.
 */
final class SubjectWeaver implements WeavingHook {
    private static final byte[] GET_SUBJECT = "getSubject".getBytes(StandardCharsets.US_ASCII);
    private static final String JAAS_HELPER = "org.apache.karaf.util.jaas.JaasHelper";
    private static final ClassDesc SUBJECT = ClassDesc.of("javax.security.auth.Subject");
    private static final ClassDesc ACC = ClassDesc.of("java.security.AccessControlContext");
    private static final ClassDesc SUBJECTS = ClassDesc.of(Subjects.class.getName());
    private static final MethodTypeDesc CURRENT = MethodTypeDesc.of(SUBJECT);
    private static final MethodTypeDesc DO_AS =
            MethodTypeDesc.of(
                    ConstantDescs.CD_Object,
                    SUBJECT,
                    ClassDesc.of("java.security.PrivilegedAction"));
    private static final MethodTypeDesc DO_AS_EXCEPTION =
            MethodTypeDesc.of(
                    ConstantDescs.CD_Object,
                    SUBJECT,
                    ClassDesc.of("java.security.PrivilegedExceptionAction"));

    @Override
    public void weave(WovenClass woven) {
        ClassLoader loader = woven.getBundleWiring().getClassLoader();
        rewrite(woven.getClassName(), woven.getBytes(), loader)
                .ifPresent(bytes -> {
                    woven.setBytes(bytes);
                    woven.getDynamicImports().add(Subjects.class.getPackageName());
                });
    }

    /** The class rewritten, or empty if there is nothing to rewrite in it. */
    static Optional<byte[]> rewrite(String name, byte[] original, ClassLoader loader) {
        boolean helper = name.equals(JAAS_HELPER);
        if (!helper && !contains(original, GET_SUBJECT)) {
            return Optional.empty();
        }
        ClassFile classFile =
                ClassFile.of(ClassFile.ClassHierarchyResolverOption.of(hierarchy(loader)));
        ClassModel model = classFile.parse(original);
        if (!helper && !callsGetSubject(model)) {
            return Optional.empty();
        }
        ClassTransform calls = ClassTransform.transformingMethodBodies(REPLACE_CALL);
        return Optional.of(
                classFile.transformClass(model, helper ? REPLACE_DO_AS.andThen(calls) : calls));
    }

    private static final CodeTransform REPLACE_CALL =
            (code, element) -> {
                if (isGetSubject(element)) {
                    code.pop().invokestatic(SUBJECTS, "current", CURRENT);
                } else {
                    code.with(element);
                }
            };

    private static final ClassTransform REPLACE_DO_AS =
            (type, element) -> {
                if (element instanceof MethodModel method && isDoAs(method)) {
                    type.transformMethod(
                            method,
                            (out, part) -> {
                                if (part instanceof CodeModel) {
                                    out.withCode(code -> callSubjects(code, method));
                                } else {
                                    out.with(part);
                                }
                            });
                } else {
                    type.with(element);
                }
            };

    private static void callSubjects(CodeBuilder code, MethodModel method) {
        code.aload(0).aload(1).invokestatic(SUBJECTS, "doAs", method.methodTypeSymbol()).areturn();
    }

    private static boolean isDoAs(MethodModel method) {
        MethodTypeDesc type = method.methodTypeSymbol();
        return method.methodName().equalsString("doAs")
                && (type.equals(DO_AS) || type.equals(DO_AS_EXCEPTION));
    }

    private static boolean callsGetSubject(ClassModel model) {
        return model.methods().stream()
                .flatMap(method -> method.code().stream())
                .flatMap(CodeModel::elementStream)
                .anyMatch(SubjectWeaver::isGetSubject);
    }

    private static boolean isGetSubject(CodeElement element) {
        return element instanceof InvokeInstruction invoke
                && invoke.name().equalsString("getSubject")
                && invoke.owner().asSymbol().equals(SUBJECT)
                && invoke.typeSymbol().equals(MethodTypeDesc.of(SUBJECT, ACC));
    }

    /**
     * Stack maps may have to be made anew, which asks for super types: read as resources, since
     * loading a class here could come back to this hook. An unknown class counts as an Object.
     */
    static ClassHierarchyResolver hierarchy(ClassLoader loader) {
        return ClassHierarchyResolver.defaultResolver()
                .orElse(ClassHierarchyResolver.ofResourceParsing(loader))
                .orElse(_ -> ClassHierarchyInfo.ofClass(ConstantDescs.CD_Object))
                .cached();
    }

    private static boolean contains(byte[] bytes, byte[] wanted) {
        for (int i = 0; i <= bytes.length - wanted.length; i++) {
            int n = 0;
            while (n < wanted.length && bytes[i + n] == wanted[n]) {
                n++;
            }
            if (n == wanted.length) {
                return true;
            }
        }
        return false;
    }
}
