/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.simulation;

import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.MalformedURLException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.LongFunction;
import javax.tools.JavaCompiler;
import javax.tools.StandardJavaFileManager;
import javax.tools.ToolProvider;

/// All classes anew, with a planted bug among them.
final class PlantedClasses implements AutoCloseable {
    private final URLClassLoader loader;

    /// @param directory empty; takes the source and the classes
    PlantedClasses(final Plant plant, final Path directory) throws IOException {
        final Path source = directory.resolve(Path.of(plant.file()).getFileName());
        Files.writeString(source, plant.applyTo(Files.readString(Commit.root().resolve(plant.file()))));
        final Path classes = Files.createDirectory(directory.resolve("classes"));
        compile(plant, source, classes);
        final List<URL> path = new ArrayList<>();
        path.add(url(classes));
        for (final String entry : System.getProperty("java.class.path").split(File.pathSeparator, -1)) {
            path.add(url(Path.of(entry)));
        }
        loader = new URLClassLoader(
                "planted " + plant.label(), path.toArray(URL[]::new), ClassLoader.getPlatformClassLoader());
    }

    private static void compile(final Plant plant, final Path source, final Path classes) throws IOException {
        final JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
        try (StandardJavaFileManager files = compiler.getStandardFileManager(null, null, null)) {
            final List<String> options = List.of(
                    "-d",
                    classes.toString(),
                    "-cp",
                    System.getProperty("java.class.path"),
                    "-proc:none",
                    "-nowarn",
                    "-implicit:none");
            if (!compiler.getTask(null, files, null, options, null, files.getJavaFileObjects(source))
                    .call()) {
                throw new IllegalStateException(
                        "the plant " + plant.label() + " does not compile: adapt it to " + plant.file());
            }
        }
    }

    private static URL url(final Path path) {
        try {
            return path.toUri().toURL();
        } catch (final MalformedURLException e) {
            throw new UncheckedIOException(e);
        }
    }

    /// Runs the history of a seed with these classes.
    ///
    /// @param directory for staging files
    /// @return what is told the seed, and answers what was wrong, or null
    @SuppressWarnings("unchecked") // the class is this one's, loaded once more
    LongFunction<String> trial(final Path directory, final Drive drive, final int steps)
            throws ReflectiveOperationException {
        return (LongFunction<String>) loader.loadClass(PlantTrial.class.getName())
                .getConstructor(Path.class, String.class, int.class)
                .newInstance(directory, drive.label(), steps);
    }

    @Override
    public void close() throws IOException {
        loader.close();
    }
}
