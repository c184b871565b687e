import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.util.HexFormat;
import java.util.Locale;
import java.util.concurrent.Executors;

public final class Main {
    private interface Answer {
        String of(HttpExchange exchange) throws GeneralSecurityException;
    }

    public static void main(String[] args) throws IOException {
        int port = Integer.parseInt(System.getenv().getOrDefault("PORT", "8080"));
        HttpServer server = HttpServer.create(new InetSocketAddress(port), 0);
        serve(server, "/status", exchange -> "{\"status\":\"OK\"}");
        serve(server, "/digest", Main::digest);
        serve(server, "/zone", Main::zone);
        server.setExecutor(Executors.newFixedThreadPool(4));
        Runtime.getRuntime().addShutdownHook(new Thread(() -> server.stop(0)));
        server.start();
        System.out.println("listening on " + server.getAddress().getPort());
    }

    /** A digest of the text, and one that is salted: providers of algorithms are named in java.security. */
    private static String digest(HttpExchange exchange) throws GeneralSecurityException {
        byte[] text = parameter(exchange, "text", "").getBytes(StandardCharsets.UTF_8);
        byte[] salt = new byte[8];
        new SecureRandom().nextBytes(salt);
        String plain = HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(text));
        return "{\"sha256\":\"" + plain + "\",\"salt\":" + salt.length + "}";
    }

    /** Some instant at a place: rules of zones are in tzdb.dat. */
    private static String zone(HttpExchange exchange) {
        ZoneId zone = ZoneId.of(parameter(exchange, "name", "UTC"));
        ZonedDateTime there = Instant.ofEpochSecond(1_751_371_200L).atZone(zone);
        String text = DateTimeFormatter.ofPattern("EEEE HH:mm zzz", Locale.FRENCH).format(there);
        return "{\"time\":\"" + text + "\"}";
    }

    private static String parameter(HttpExchange exchange, String name, String otherwise) {
        String query = exchange.getRequestURI().getRawQuery();
        for (String part : query == null ? new String[0] : query.split("&")) {
            if (part.startsWith(name + "="))
                return URLDecoder.decode(part.substring(name.length() + 1), StandardCharsets.UTF_8);
        }
        return otherwise;
    }

    private static void serve(HttpServer server, String path, Answer answer) {
        server.createContext(path, exchange -> {
            int status = 200;
            String text;
            try {
                text = answer.of(exchange);
            } catch (DateTimeException error) {
                status = 400;
                text = "{\"error\":\"no such zone\"}";
            } catch (GeneralSecurityException error) {
                status = 500;
                text = "{\"error\":\"no such algorithm\"}";
            }
            byte[] body = text.getBytes(StandardCharsets.UTF_8);
            exchange.getResponseHeaders().set("Content-Type", "application/json; charset=utf-8");
            exchange.sendResponseHeaders(status, body.length);
            exchange.getResponseBody().write(body);
            exchange.close();
        });
    }
}
