package trivium.jdkcompat.internal;

import java.lang.classfile.ClassFile;
import java.lang.classfile.ClassHierarchyResolver;
import java.lang.classfile.ClassTransform;
import java.lang.classfile.CodeBuilder;
import java.lang.classfile.CodeElement;
import java.lang.classfile.CodeTransform;
import java.lang.classfile.MethodModel;
import java.lang.constant.ClassDesc;
import java.lang.constant.ConstantDescs;
import java.lang.constant.MethodTypeDesc;
import org.osgi.framework.hooks.weaving.WeavingHook;
import org.osgi.framework.hooks.weaving.WovenClass;
import trivium.jdkcompat.Words;

/**
 * Lets Karaf's shell ask {@link Words#of} first of all in {@code DefaultActionPreparator.prepare}.
 * The shell itself takes options before arguments only, so that {@code vm:create NAME --memory 64}
 * would be an error; it offers no other place to say otherwise.
 */
final class WordsWeaver implements WeavingHook {
    static final String PREPARATOR =
            "org.apache.karaf.shell.impl.action.command.DefaultActionPreparator";
    private static final int ACTION = 1, WORDS = 3;
    private static final ClassDesc HELPER = ClassDesc.of(Words.class.getName());
    private static final MethodTypeDesc OF =
            MethodTypeDesc.of(
                    ConstantDescs.CD_List, ConstantDescs.CD_Object, ConstantDescs.CD_List);

    @Override
    public void weave(WovenClass woven) {
        if (woven.getClassName().equals(PREPARATOR)) {
            ClassLoader loader = woven.getBundleWiring().getClassLoader();
            woven.setBytes(rewrite(woven.getBytes(), loader));
            woven.getDynamicImports().add(Words.class.getPackageName());
        }
    }

    static byte[] rewrite(byte[] original, ClassLoader loader) {
        ClassHierarchyResolver hierarchy = SubjectWeaver.hierarchy(loader);
        ClassFile classFile = ClassFile.of(ClassFile.ClassHierarchyResolverOption.of(hierarchy));
        return classFile.transformClass(
                classFile.parse(original),
                ClassTransform.transformingMethodBodies(
                        WordsWeaver::isPrepare, CodeTransform.ofStateful(AskFirst::new)));
    }

    private static boolean isPrepare(MethodModel method) {
        return method.methodName().equalsString("prepare")
                && method.methodTypeSymbol().parameterCount() == 3
                && method.methodTypeSymbol().parameterType(2).equals(ConstantDescs.CD_List);
    }

    private static final class AskFirst implements CodeTransform {
        @Override
        public void atStart(CodeBuilder code) {
            code.aload(ACTION).aload(WORDS).invokestatic(HELPER, "of", OF).astore(WORDS);
        }

        @Override
        public void accept(CodeBuilder code, CodeElement element) {
            code.with(element);
        }
    }
}
