using System;
using System.Collections.Generic;
using System.Linq;
using System.Text.Json;
using System.Threading.Tasks;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Orders
{
    public sealed class Startup
    {
        private static readonly JsonSerializerOptions Names = new JsonSerializerOptions
        {
            PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
            PropertyNameCaseInsensitive = true,
        };

        private static readonly IReadOnlyList<Order> Orders = new[]
        {
            new Order(1, 1, new[] { new Line("analytical engine", 1, 1837.00m) }),
            new Order(2, 2, new[] { new Line("nanosecond of wire", 12, 0.25m), new Line("moth", 1, 9.09m) }),
            new Order(3, 1, new[] { new Line("punched card", 500, 0.01m) }),
        };

        public void Configure(IApplicationBuilder app)
        {
            app.UseRouting();
            app.UseEndpoints(endpoints =>
            {
                endpoints.MapGet("/health", context => Json(context, 200, new { status = "OK" }));
                endpoints.MapGet("/api/orders", List);
                endpoints.MapGet("/api/orders/{id:int}", One);
                endpoints.MapPost("/api/orders/quote", Quote);
            });
        }

        private static Task List(HttpContext context)
        {
            var customer = context.Request.Query["customer"].ToString();
            return Json(context, 200, Orders.Where(order => customer == "" || order.Customer.ToString() == customer));
        }

        private static Task One(HttpContext context)
        {
            var id = int.Parse((string)context.GetRouteValue("id"));
            var order = Orders.FirstOrDefault(each => each.Id == id);
            return order == null ? Problem(context, 404, "there is no such order") : Json(context, 200, order);
        }

        // What an order of these lines would cost: nothing is stored.
        private static async Task Quote(HttpContext context)
        {
            try
            {
                var lines = await JsonSerializer.DeserializeAsync<Line[]>(context.Request.Body, Names, context.RequestAborted);
                await Json(context, 200, new { total = Total(lines ?? Array.Empty<Line>()) });
            }
            catch (Exception error) when (error is JsonException || error is OverflowException)
            {
                await Problem(context, 400, "the body is not a list of lines");
            }
        }

        private static decimal Total(IEnumerable<Line> lines) => lines.Sum(line => line.Count * line.Price);

        private static Task Problem(HttpContext context, int status, string detail) =>
            Json(context, status, new { status, detail }, "application/problem+json");

        private static Task Json(HttpContext context, int status, object answer, string type = "application/json")
        {
            context.Response.StatusCode = status;
            context.Response.ContentType = type;
            return context.Response.WriteAsync(JsonSerializer.Serialize(answer, Names));
        }

        public sealed class Order
        {
            public Order(int id, int customer, Line[] lines) => (Id, Customer, Lines) = (id, customer, lines);
            public int Id { get; }
            public int Customer { get; }
            public Line[] Lines { get; }
            public decimal Total => Startup.Total(Lines);
        }

        public sealed class Line
        {
            public Line() { }
            public Line(string item, int count, decimal price) => (Item, Count, Price) = (item, count, price);
            public string Item { get; set; } = "";
            public int Count { get; set; }
            public decimal Price { get; set; }
        }
    }
}
