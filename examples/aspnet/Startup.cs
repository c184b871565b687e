using System;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Threading.Tasks;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace Example
{
    public sealed class Startup
    {
        public void Configure(IApplicationBuilder app)
        {
            app.UseStaticFiles();
            app.UseRouting();
            app.UseEndpoints(endpoints =>
            {
                endpoints.MapGet("/status", context => Json(context, new { status = "OK" }));
                endpoints.MapGet("/hash", context => Json(context, new { sha256 = Hash(context.Request.Query["text"]) }));
                endpoints.MapGet("/time", context => Json(context, Time(context.Request.Query["at"])));
            });
        }

        private static Task Json(HttpContext context, object answer)
        {
            context.Response.ContentType = "application/json";
            return context.Response.WriteAsync(JsonSerializer.Serialize(answer));
        }

        // SHA-256 is OpenSSL's on Linux: the first call loads the native library and, through it, libssl.
        private static string Hash(string text)
        {
            using var sha256 = SHA256.Create();
            var digest = sha256.ComputeHash(Encoding.UTF8.GetBytes(text ?? ""));
            return BitConverter.ToString(digest).Replace("-", "").ToLowerInvariant();
        }

        private static object Time(string at)
        {
            var time = DateTimeOffset.FromUnixTimeSeconds(
                long.TryParse(at, NumberStyles.Integer, CultureInfo.InvariantCulture, out var seconds) ? seconds : 0);
            return new
            {
                iso = time.ToString("o", CultureInfo.InvariantCulture),
                words = time.ToString("D", CultureInfo.GetCultureInfo("en-GB")),
                zone = TimeZoneInfo.Utc.Id,
            };
        }
    }
}
