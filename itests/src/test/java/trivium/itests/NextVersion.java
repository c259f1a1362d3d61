package trivium.itests;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.jar.JarEntry;
import java.util.jar.JarFile;
import java.util.jar.JarOutputStream;
import java.util.jar.Manifest;
import javax.tools.ToolProvider;

/** Other versions of a bundle: made from its jar and its source with some of the text replaced. */
final class NextVersion {
    private NextVersion() {}

    /**
     * @param source the one class that changes
     * @param name the new bundle's symbolic name
     * @param replacements texts of the source, each with what takes its place
     */
    static Path make(Path jar, Path source, Path made, String name, String... replacements)
            throws IOException {
        Path folder = Files.createDirectories(made.resolveSibling(made.getFileName() + ".d"));
        Path text = folder.resolve(source.getFileName());
        Files.writeString(text, replaced(Files.readString(source), replacements));
        Path classes = folder.resolve("classes");
        List<String> options =
                List.of("-proc:none", "-cp", jar + ":" + System.getProperty("java.class.path"));
        compile(text, classes, options);
        pack(jar, classes, made, name);
        return made;
    }

    private static String replaced(String text, String... replacements) {
        for (int i = 0; i < replacements.length; i += 2) {
            if (!text.contains(replacements[i])) {
                throw new AssertionError("the source has no " + replacements[i]);
            }
            text = text.replace(replacements[i], replacements[i + 1]);
        }
        return text;
    }

    private static void compile(Path text, Path classes, List<String> options) throws IOException {
        var compiler = ToolProvider.getSystemJavaCompiler();
        try (var files = compiler.getStandardFileManager(null, null, null)) {
            files.setLocationFromPaths(
                    javax.tools.StandardLocation.CLASS_OUTPUT,
                    List.of(Files.createDirectories(classes)));
            var units = files.getJavaFileObjects(text);
            if (!compiler.getTask(null, files, null, options, null, units).call()) {
                throw new AssertionError("it does not compile: " + text);
            }
        }
    }

    /** The old jar with the new classes in place of those of the same names. */
    private static void pack(Path jar, Path classes, Path made, String name) throws IOException {
        try (JarFile old = new JarFile(jar.toFile())) {
            Manifest manifest = old.getManifest();
            manifest.getMainAttributes().putValue("Bundle-SymbolicName", name);
            try (var out = new JarOutputStream(Files.newOutputStream(made), manifest);
                    var compiled = Files.walk(classes)) {
                for (Path file :
                        compiled.filter(Files::isRegularFile)
                                .sorted(Comparator.naturalOrder())
                                .toList()) {
                    out.putNextEntry(new JarEntry(classes.relativize(file).toString()));
                    out.write(Files.readAllBytes(file));
                }
                for (JarEntry entry : old.stream().toList()) {
                    boolean taken =
                            entry.isDirectory()
                                    || entry.getName().equals(JarFile.MANIFEST_NAME)
                                    || Files.exists(classes.resolve(entry.getName()));
                    if (!taken) {
                        out.putNextEntry(new JarEntry(entry.getName()));
                        out.write(old.getInputStream(entry).readAllBytes());
                    }
                }
            }
        }
    }
}
